/*
 * The sampler's signal: its handler, and what the program has to do with the signal itself. The
 * handler runs on the thread's alternate stack where there is one: Erlang's and Go's code run on
 * stacks that have no room for a signal, and such programs demand SA_ONSTACK of every handler.
 * Whatever else may come is blocked meanwhile, and ours is blocked while a handler of the program's
 * runs on that stack: neither takes room from the other.
 */
#ifndef RUNTIME_SAMPLER_SIGNAL_H
#define RUNTIME_SAMPLER_SIGNAL_H

#include <signal.h>
#include <stdbool.h>

#define SAMPLER_SIGNAL	   SIGURG
#define SAMPLER_STACK_SIZE (32 << 10)

extern char sampler_cookie; /* its address tells our signals from others */

/* The stack of the present thread's samples, its end; or NULL. */
void sampler_set_stack(char *top);

/* Installs the handler unless it is there. */
bool sampler_handler_ready(void);

/* For good: the program has the signal to itself, as if we had never been. */
void sampler_handler_leave(void);

/*
 * Somebody may empty the trace's file, and the next store into its mapping is a SIGBUS: from now on
 * it is taken, and the program goes on.
 */
void sampler_guard_trace(void);

/* Whether the signal has a handler of ours before the program's. */
static inline bool sampler_shares(int signal)
{
	return signal == SAMPLER_SIGNAL || signal == SIGBUS;
}

/* The program sets its handler of such a signal, asks for it, or both: see sigaction(2). */
int sampler_sigaction(int number, const struct sigaction *action, struct sigaction *before);

/*
 * The same of any other signal, or `real` of it. A handler that runs on the alternate stack has our
 * signal blocked meanwhile, and the program does not see that.
 */
int sampler_other_sigaction(int (*real)(int, const struct sigaction *, struct sigaction *),
			    int signal, const struct sigaction *action, struct sigaction *before);

/* The thread has an alternate stack of so many bytes. */
void sampler_signal_stack_changed(const stack_t *stack);

#endif
