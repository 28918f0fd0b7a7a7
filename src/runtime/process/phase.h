/*
 * What separates start-up and shutdown from service: when each thread first listened and first
 * accepted, and when the process was asked to end.
 */
#ifndef RUNTIME_PROCESS_PHASE_H
#define RUNTIME_PROCESS_PHASE_H

#include <signal.h>
#include <stdbool.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"

/* The calling thread has a listening socket; a datagram socket with a port. */
COLD void phase_listens(int fd);
COLD void phase_takes_datagrams(int fd);

COLD void phase_descriptors_closed(unsigned first, unsigned last);

COLD void phase_first_accept(void);
COLD void phase_first_datagram(void);

static inline void phase_accepts(void)
{
	if (UNLIKELY(!this_thread.accepts))
		phase_first_accept();
}

/* Asked to end by a signal or exit(). Async-signal-safe. */
void phase_ends(void);

/*
 * A call or turn of `ns` that ended at `end_ns` is a finding. If a client waited for its answer,
 * the program still served then: shutdown begins after it.
 */
COLD void phase_found_at_end(uint64_t ns, uint64_t end_ns);

/* When the process first accepted a connection or took a datagram; 0: not yet. */
uint64_t phase_first_accept_ns(void);

extern uint64_t phase_ends_ns; /* 0: not asked to end */

static inline void phase_found(uint64_t ns, uint64_t end_ns)
{
	if (UNLIKELY(__atomic_load_n(&phase_ends_ns, __ATOMIC_RELAXED)))
		phase_found_at_end(ns, end_ns);
}

/* The trace is open: writes what happened before. */
void phase_write(void);

void phase_forked(void);

/* SIGTERM, SIGINT and SIGQUIT ask a program to end. */
static inline bool phase_signal_ends(int signal)
{
	return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT;
}

/*
 * sigaction(2) for one of these signals, through `call`: our handler notes the time and calls the
 * program's, whose address the program sees.
 */
int phase_sigaction(int (*call)(int, const struct sigaction *, struct sigaction *), int signal,
		    const struct sigaction *action, struct sigaction *before);

/*
 * Same for signal(3) and similar calls: the handler to set instead of `handler`, and the result
 * that the program sees.
 */
sighandler_t phase_handler_set(int signal, sighandler_t handler, sighandler_t *before);
sighandler_t phase_handler_seen(sighandler_t handler, sighandler_t before);

#endif
