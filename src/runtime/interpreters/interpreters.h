/* Interpreters found in the process: CPython and V8. Their frames, and the waits that are their
 * own. */
#ifndef RUNTIME_INTERPRETERS_H
#define RUNTIME_INTERPRETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/trace_format.h"

struct module;

/* A recogniser's module_added. */
void interpreters_module_added(struct module *module);

/*
 * Whether a wait on a lock at `lock`, called by the function that holds `frames[0]`, is the
 * interpreter's own: CPython's GIL, a new thread's first sign of life, V8's conditions. Such a wait
 * is harm to the executor, not guilt of the program. `Atomics.wait` is the program's. `script`
 * holds the interpreter's frames.
 */
bool interpreter_owns_wait(const void *lock, const uint64_t *frames, size_t depth,
			   const char *script, size_t script_size);

/* Whether this process's loops of `module` are CPython's. */
bool interpreter_is_python(const struct module *module);

/* Whether code of the Java VM itself lies there. */
bool interpreter_is_java(uintptr_t pc);

/* The event loop among the present thread's Python frames; EXECUTOR_other: none. */
enum executor_id interpreter_loop(void);

/*
 * Whether the wait that the present thread begins is that of the one event loop among its Python
 * frames: nothing but the loop's own functions stands between, and no other loop runs this one.
 */
bool interpreter_loop_waits(void);

/*
 * The present thread's frames, as in trace_script; 0 bytes when no interpreter runs here, and where
 * it may not be asked. `waits_for_thread`: for a lock, or another thread.
 */
size_t interpreter_script(const uint64_t *frames, size_t depth, bool waits_for_thread, char *text,
			  size_t size, enum script_language *language);

/* The same in a signal handler of ours, which may have interrupted anything. */
size_t interpreter_script_of_signal(const uint64_t *frames, const uintptr_t *places, size_t depth,
				    char *text, size_t size, enum script_language *language);

#endif
