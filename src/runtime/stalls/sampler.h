/*
 * Interrupts a busy thread so that it samples itself: each thread that runs turns has a timer of
 * its CPU time. The timer sends SIGURG, which is ignored by default; the program's own handler is
 * still called. If a thread blocks the signal, its timer is stopped, so that our signal never ends
 * up in a sigwait or signalfd.
 */
#ifndef RUNTIME_SAMPLER_H
#define RUNTIME_SAMPLER_H

#include <signal.h>
#include <stdbool.h>

/*
 * take: the thread got its slot or may run root futures; its timer may exist already. leave: the
 * thread ends.
 */
void sampler_take(void);
void sampler_leave(void);

/* Called in a forked child, which inherits no timers. */
void sampler_forget(void);

/*
 * Called before a seccomp filter is installed: no more signals are sent, and the program has the
 * signal to itself.
 */
void sampler_stop_all(void);

/* Called before and after the thread changes its signal mask: see pthread_sigmask(3). */
void sampler_masks(int how, const sigset_t *set);
void sampler_masked(int how, const sigset_t *set);

#endif
