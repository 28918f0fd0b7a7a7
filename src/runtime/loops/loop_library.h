/* Event loops of known libraries, identified by the frames above their wait. */
#ifndef RUNTIME_EXECUTORS_LOOP_LIBRARY_H
#define RUNTIME_EXECUTORS_LOOP_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executors/executors.h"

struct module;

struct loop_library {
	enum executor_id executor;
	/*
	 * index of the first frame above the library's loop: when that return address is gone from
	 * its place, the loop has ended
	 */
	unsigned reach;
	/* the loop's outermost function, which calls all callbacks; 0: not known */
	uintptr_t function, function_end;
};

/*
 * Whether the frames (return addresses, the wait's caller first) are those of a known loop's own
 * wait.
 */
bool loop_library_find(const uint64_t *frames, size_t depth, struct loop_library *library);

/* Whether they show code that waits for its caller and is not a loop. */
bool loop_library_refuses(const uint64_t *frames, size_t depth);

/*
 * Whether a call is made by the function that a loop calls to wait, in the parts of its library,
 * and by no handler: the library takes a lock of its own.
 */
bool loop_library_waits_for_itself(const uint64_t *frames, size_t depth);

/* The name of a loop of no known library that waits in this module. */
void loop_library_name(const struct module *module, char *name, size_t size);

/*
 * Whether the wait at `caller` belongs to a loop that never runs inside another. One C function
 * runs many of Python's loops, so the stack does not show when a loop that was left open, and may
 * run again, has ended.
 */
bool loop_library_waits_alone(uintptr_t caller);

#endif
