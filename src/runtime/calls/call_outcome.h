/* What happened during a watched call: its time, whether it slept, and on what. */
#ifndef RUNTIME_CALLS_CALL_OUTCOME_H
#define RUNTIME_CALLS_CALL_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "judgement/call.h"
#include "call.h"

struct outcome {
	uint64_t wall_ns;
	uint64_t others_slept_ns; /* of similar calls that were not measured */
	bool spun;
	struct call_facts facts;
};

/* Takes the thread's processor time and switches, into this_thread.usage. */
void call_usage_take(void);

/*
 * Whether a call needs usage of its own. If only a long sleep matters, the usage taken earlier in
 * the turn is good enough: CPU time since then makes the sleep look shorter, never longer. This
 * halves the cost of such a call.
 */
bool call_usage_is_old(enum call_class class, uint8_t kind);

/* Of a call that ended at `end_ns`. */
struct outcome call_outcome(const struct call_watch *watch, uint64_t end_ns,
			    const struct limits *limits);

/*
 * Whether data written to stdio has left the stream's buffer. Data may still be pending afterwards:
 * the excess was written, and the rest is in the buffer. Then the size decides or, if that is not
 * known, whether the thread slept.
 */
bool call_reached_descriptor(const struct call_watch *watch, bool slept);

/* Query again before reporting: our record may be out of date. */
void call_ask_again(struct call_watch *watch, struct call_facts *facts);

#endif
