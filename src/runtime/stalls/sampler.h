/*
 * What interrupts a busy thread, so that it looks at itself: a timer of its processor time for each
 * thread that runs turns. It sends SIGURG, which nobody else's default minds, and the program's own
 * handler of it is called as before. A thread that blocks the signal has its timer stopped: nothing
 * of ours may end up in a sigwait or a signalfd.
 */
#ifndef RUNTIME_SAMPLER_H
#define RUNTIME_SAMPLER_H

#include <signal.h>
#include <stdbool.h>

/* The present thread got its slot, or may run root futures (or has its timer already); it ends. */
void sampler_take(void);
void sampler_leave(void);

/* In a forked child, which inherits no timers. */
void sampler_forget(void);

/* Before a seccomp filter: no signal comes any more, and the program has it to itself. */
void sampler_stop_all(void);

/* Before and after the thread changes its signal mask: see pthread_sigmask(3). */
void sampler_masks(int how, const sigset_t *set);
void sampler_masked(int how, const sigset_t *set);

#endif
