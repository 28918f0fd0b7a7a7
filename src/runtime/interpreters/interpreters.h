/* Interpreters in the process, CPython and V8: their frames, and waits of their own. */
#ifndef RUNTIME_INTERPRETERS_H
#define RUNTIME_INTERPRETERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "contract/trace_format.h"

struct module;

/* An interpreter whose frames may belong to a call has been loaded. */
extern bool interpreter_is_loaded;

/* A recogniser's module_added. */
void interpreters_module_added(struct module *module);

/*
 * Whether a wait on a lock at `lock`, called by the function that contains `frames[0]`, is the
 * interpreter's own: CPython's GIL, the start of a new thread, V8's conditions. Such a wait delays
 * the executor but is not the program's mistake. `Atomics.wait` belongs to the program. `script`:
 * the interpreter's frames.
 */
bool interpreter_owns_wait(const void *lock, const uint64_t *frames, size_t depth,
			   const char *script, size_t script_size);

/* Whether loops of `module` in this process are CPython's. */
bool interpreter_is_python(const struct module *module);

/*
 * Whether a wait for a lock or thread that is called at the address is one of a VM's own: Java's,
 * Ruby's. `condition`: it is not for a mutex or futex.
 */
bool interpreter_waits_inside(uintptr_t pc, bool condition);

/* The event loop among the calling thread's Python frames; EXECUTOR_other: none. */
enum executor_id interpreter_loop(void);

/*
 * Whether the wait that the calling thread begins is that of the only event loop among its Python
 * frames: only the loop's own functions are in between, and no other loop runs this one.
 */
bool interpreter_loop_waits(void);

/*
 * The calling thread's frames, as in trace_script; 0 bytes if no interpreter runs here, or it
 * cannot be asked. `waits_for_thread`: for a lock, or another thread.
 */
size_t interpreter_script(const uint64_t *frames, size_t depth, bool waits_for_thread, char *text,
			  size_t size, enum script_language *language);

/*
 * Same in our own signal handler, which may have interrupted anything. Of a stack that does not
 * fit, the innermost frames and those where the turn began.
 */
size_t interpreter_script_of_signal(const uint64_t *frames, const uintptr_t *places, size_t depth,
				    char *text, size_t size, enum script_language *language);

/* Same where the interpreter calls us back at our request. */
size_t interpreter_script_of_answer(const uint64_t *frames, const uintptr_t *places, size_t depth,
				    char *text, size_t size, enum script_language *language);

#endif
