/*
 * Boxed futures (`dyn Future') that are dropped while they are suspended, within a task that goes
 * on: by select!, a timeout, or a plain drop. What drops one reaches its destructor through the
 * vtable that stands for its type, whose first word is made to lead through us. Of a future that is
 * not boxed the destructor is part of the code that drops it, and nothing is seen.
 */
#ifndef RUNTIME_FUTURES_BOXED_DROP_H
#define RUNTIME_FUTURES_BOXED_DROP_H

struct task_module;

/* Hooks the vtables that the module's layout knows. */
void boxed_drops_hook(struct task_module *module);

#endif
