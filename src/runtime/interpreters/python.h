/* CPython: its frames, read from its structures, and its own locks. */
#ifndef RUNTIME_PYTHON_H
#define RUNTIME_PYTHON_H

#include <stdbool.h>
#include <stddef.h>

struct module;

void python_module_added(struct module *module);
bool python_is_module(const struct module *module);

/* In a forked child. */
void python_forked(void);

/* The GIL and its kin are objects inside _PyRuntime (Include/internal/pycore_runtime.h). */
bool python_owns_lock(const void *lock);

/* Whether these frames, as in trace_script, are of threading.Thread.start: it waits until the new
 * thread has begun. */
bool python_starts_thread(const char *script, size_t size);

/* The present thread's frames as in trace_script; 0 when it runs no Python. `interrupted`: by a
 * signal, anywhere in the interpreter. */
size_t python_frames(char *text, size_t size, bool interrupted);

#endif
