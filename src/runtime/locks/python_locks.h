/*
 * threading.Lock and threading.RLock, seen by replacing the methods that Python code calls. The
 * implementation below is a semaphore up to 3.13 and an inlined compare-and-swap from 3.14 on, and
 * the interpreter uses the same for its own locks.
 */
#ifndef RUNTIME_LOCKS_PYTHON_LOCKS_H
#define RUNTIME_LOCKS_PYTHON_LOCKS_H

struct module;

/* A recogniser's module_added. */
void python_locks_module_added(struct module *module);

#endif
