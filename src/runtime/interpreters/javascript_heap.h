/*
 * JavaScript frames read out of V8's stack and heap, without asking V8: also in a signal handler,
 * and while a native function that JavaScript called (JSON.parse, a regular expression, zlib,
 * crypto) computes. Where things lie is said by the constants that Node exports for post-mortem
 * debuggers (v8dbg_*, as llnode and mdb_v8 use them; V8: tools/gen-postmortem-metadata.py). Each
 * word is read by a call that answers EFAULT, and checked by the type of what it leads to.
 */
#ifndef RUNTIME_JAVASCRIPT_HEAP_H
#define RUNTIME_JAVASCRIPT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

/* Looks the constants up. False where one is missing: then no frames are read. */
bool javascript_heap_init(struct module *module);

/*
 * A JavaScript frame whose frame pointer is `fp`, as a line of trace_script: the function's name,
 * its file, and the line that it begins at. Returns the size of the line; 0: this is no such frame.
 */
size_t javascript_heap_frame(uintptr_t fp, char *text, size_t size);

#endif
