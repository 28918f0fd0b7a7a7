/*
 * JavaScript frames read from V8's stack and heap, without calling V8: works in a signal handler,
 * and while a native function called by JavaScript (JSON.parse, a regular expression, zlib, crypto)
 * computes. The places come from the constants that Node exports for post-mortem debuggers
 * (v8dbg_*, used by llnode and mdb_v8; V8: tools/gen-postmortem-metadata.py). Each word is read by
 * a system call that answers EFAULT, and the type of its target is checked.
 */
#ifndef RUNTIME_JAVASCRIPT_HEAP_H
#define RUNTIME_JAVASCRIPT_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct module;

/* Looks up the constants. False if one is missing: then no frames are read. */
bool javascript_heap_init(struct module *module);

/*
 * The JavaScript frame with frame pointer `fp`, as a line of trace_script: the function's name, its
 * file, and its first line, which stands twice if it has no name. Returns the length of the line;
 * 0: not a JavaScript frame.
 */
size_t javascript_heap_frame(uintptr_t fp, char *text, size_t size);

#endif
