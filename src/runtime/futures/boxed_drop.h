/*
 * Boxed futures (`dyn Future') that are dropped while suspended, within a task that continues: by
 * select!, a timeout, or a plain drop. The box's destructor is called through the vtable of its
 * type, whose first word we hook. The destructor of an unboxed future is part of the code that
 * drops it, and is not seen.
 */
#ifndef RUNTIME_FUTURES_BOXED_DROP_H
#define RUNTIME_FUTURES_BOXED_DROP_H

struct task_module;

/* Hooks the vtables listed in the module's layout. */
void boxed_drops_hook(struct task_module *module);

#endif
