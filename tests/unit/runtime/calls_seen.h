/* For tests of the wrappers: turns of our own, and which call was watched. */
#ifndef CALLS_SEEN_H
#define CALLS_SEEN_H

#define __NO_INLINE__ 1 /* or stdio.h defines some of the calls itself */
#define YIELDSAN_OFF

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calls/call.h"
#include "executors/executor.h"
#include "runtime.h"
#include "thread.h"
#include "trace.h"
#include "turn.h"

/* The calls that no header of libc declares. */
#define CALL(class, category, ret, name, params, args, subject) ret name params;
#include "calls/table.h"

/* As the program would call it: not turned into another call by the compiler. */
#define CALLED(name) ((__typeof__(&(name)) volatile[]){ name }[0])

static struct turn seen_turn;

static inline void turn_enter(void)
{
	seen_turn.address = 0;
	turn_begin(&seen_turn, executor_get(FAMILY_ANNOTATED, "test", 0, CONFIDENCE_HIGH),
		   TURN_TASK);
}

static inline void turn_leave(void)
{
	turn_end(&seen_turn);
}

/* Rises with each watched call of this thread. */
static inline uint32_t seen_count(void)
{
	return this_thread.slot ? this_thread.slot->call.sequence : 0;
}

/* The last one's name. */
static inline const char *seen_name(void)
{
	const struct trace_call *call;

	if (!this_thread.slot || !this_thread.slot->call.call)
		return "none";
	call = trace_at(this_thread.slot->call.call);
	return call->name;
}

/* Runs `expression` in a turn: the name of the call that was seen, or "none". */
#define SEEN_IN_TURN(expression)                                            \
	({                                                                  \
		uint32_t seen_before;                                       \
                                                                            \
		turn_enter();                                               \
		seen_before = seen_count();                                 \
		(void)(expression);                                         \
		turn_leave();                                               \
		seen_count() != seen_before ? seen_name() : "none";         \
	})

/* A test program leaves no trace behind. */
static inline int seen_teardown(void **state)
{
	(void)state;
	trace_remove();
	return 0;
}

static inline int seen_setup(void **state)
{
	(void)state;
	runtime_options.summary = false;
	return 0;
}

#define RUN_SEEN(tests) cmocka_run_group_tests(tests, seen_setup, seen_teardown)

#endif
