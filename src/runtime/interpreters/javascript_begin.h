/*
 * Where JavaScript's functions without a name begin, which distinguishes those of one file: V8
 * answers with the line that runs, its heap has that of the beginning.
 */
#ifndef RUNTIME_JAVASCRIPT_BEGIN_H
#define RUNTIME_JAVASCRIPT_BEGIN_H

#include <stddef.h>
#include <stdint.h>

/* A native walk of the same stack. */
struct javascript_walk {
	const uint64_t *frames;
	const uintptr_t *places; /* from unwinder_walk */
	size_t depth;
	size_t passed; /* frames further in than the last one found; 0 */
};

/*
 * `line`: of a script, with `used` bytes. Frames are to be passed from the innermost outwards. If
 * the program's function has no name, adds where it begins, as in trace_script. Returns the bytes
 * used.
 */
size_t javascript_add_begin(struct javascript_walk *walk, char *line, size_t used, size_t size);

#endif
