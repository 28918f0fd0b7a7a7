/*
 * The sampler's signal: its handler, and the program's use of the same signal. The handler runs on
 * the thread's alternate stack if it has one: Erlang's and Go's code runs on stacks that have no
 * room for a signal, and such programs require SA_ONSTACK for every handler. All signals are
 * blocked in our handler, and ours is blocked while a handler of the program runs on that stack, so
 * that neither uses the other's room.
 */
#ifndef RUNTIME_SAMPLER_SIGNAL_H
#define RUNTIME_SAMPLER_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

#define SAMPLER_SIGNAL	   SIGURG
#define SAMPLER_STACK_SIZE (32 << 10)

extern char sampler_cookie; /* its address marks our signals */

/* Sets the stack of the calling thread's samples (its upper end), or NULL. */
void sampler_set_stack(char *top);

/* Installs the handler unless it is installed already. */
bool sampler_handler_ready(void);

/* Gives the signal back to the program for good. */
void sampler_handler_leave(void);

/*
 * If the trace file is truncated, the next store into its mapping raises SIGBUS: handles that
 * signal from now on, so that the program continues.
 */
void sampler_guard_trace(void);

/* Whether our handler of the signal runs before the program's. */
static inline bool sampler_shares(int signal)
{
	return signal == SAMPLER_SIGNAL || signal == SIGBUS;
}

/* The program sets its handler of such a signal, reads it, or both: see sigaction(2). */
int sampler_sigaction(int number, const struct sigaction *action, struct sigaction *before);

/*
 * Same for any other signal, by calling `real`. Blocks our signal during a handler that runs on the
 * alternate stack, and hides that from the program.
 */
int sampler_other_sigaction(int (*real)(int, const struct sigaction *, struct sigaction *),
			    int signal, const struct sigaction *action, struct sigaction *before);

/* The thread set this alternate stack. */
void sampler_signal_stack_changed(const stack_t *stack);

#endif
