/* For tests of the wrappers: turns of our own, and which call was watched. */
#ifndef CALLS_SEEN_H
#define CALLS_SEEN_H

#define __NO_INLINE__ 1 /* or stdio.h defines some of the calls itself */
#define YIELDSAN_OFF

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/calls/call.h"
#include "runtime/turns/executor.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"

/* The calls that no header of libc declares. */
#define CALL(class, category, ret, name, params, args, subject) ret name params;
#include "runtime/libc/table.h"

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
#define SEEN_IN_TURN(expression)                                                                   \
	({                                                                                         \
		uint32_t seen_before;                                                              \
                                                                                                   \
		turn_enter();                                                                      \
		seen_before = seen_count();                                                        \
		(void)(expression);                                                                \
		turn_leave();                                                                      \
		seen_count() != seen_before ? seen_name() : "none";                                \
	})

static char seen_directory[] = "/tmp/yieldsan-test-XXXXXX";

/* A test program and its children leave no traces behind: they go where they are removed from.
 * Before the runtime starts. */
__attribute__((constructor(101))) static void seen_start(void)
{
	const char *given = getenv("YIELDSAN_OPTIONS");
	char options[256];

	if (!mkdtemp(seen_directory))
		abort();
	snprintf(options, sizeof options, "%s:summary=0:output=%s", given ? given : "loop_waits=3",
		 seen_directory);
	setenv("YIELDSAN_OPTIONS", options, 1);
}

static inline int seen_teardown(void **state)
{
	DIR *directory = opendir(seen_directory);
	struct dirent *entry;

	(void)state;
	while (directory && (entry = readdir(directory)))
		unlinkat(dirfd(directory), entry->d_name, 0);
	closedir(directory);
	return rmdir(seen_directory);
}

#define RUN_SEEN(tests) cmocka_run_group_tests(tests, NULL, seen_teardown)

#endif
