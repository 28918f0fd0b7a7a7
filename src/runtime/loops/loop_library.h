/* Event loops of known libraries, told by the frames above their wait. */
#ifndef RUNTIME_EXECUTORS_LOOP_LIBRARY_H
#define RUNTIME_EXECUTORS_LOOP_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executors/executors.h"

struct module;

struct loop_library {
	enum executor_id executor;
	/* index of the first frame above the library's loop: once that return address has gone from
	 * its place, the loop has ended */
	unsigned reach;
	/* of the loop's outermost function, below which all callbacks are called; 0: not known */
	uintptr_t function, function_end;
};

/* Whether the frames (return addresses, the wait's caller first) are those of a known loop's own
 * wait. */
bool loop_library_find(const uint64_t *frames, size_t depth, struct loop_library *library);

/* Whether they show code that waits for its caller's sake and is no loop. */
bool loop_library_refuses(const uint64_t *frames, size_t depth);

/* What a loop that is none of a known library is called when it waits in this module. */
void loop_library_name(const struct module *module, char *name, size_t size);

/*
 * Whether the wait at `caller` is of a loop that no other runs, whatever turn was thought to be
 * under way: one C function runs many of Python's, so that the stack does not tell when a loop that
 * was left open, and may be run again, is over.
 */
bool loop_library_waits_alone(uintptr_t caller);

#endif
