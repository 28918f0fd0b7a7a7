/* The poll of a root future, which makes no turn, seen from outside: see struct trace_root. */
#ifndef TOOLS_WATCHED_ROOT_H
#define TOOLS_WATCHED_ROOT_H

#include "watched_trace.h"

/*
 * A number that stands for the turn, as in a trace_look; 0 if the thread polls no root future now.
 * Resets thread->turn to 0 if this is known to be another poll.
 */
uint64_t watched_root_turn(struct watched_trace *trace, struct watched_thread *thread,
			   const struct trace_turn_times *times, const struct trace_thread *slot);

/* Whether a thread's turn stands for such a poll, and whether that is still in progress. */
enum watched_root { ROOT_NOT, ROOT_LASTS, ROOT_OVER };

enum watched_root watched_root_of(struct watched_trace *trace, struct watched_thread *thread,
				  const struct trace_turn_times *times,
				  const struct trace_thread *slot);

#endif
