/* Turns marked by the program itself. */
#ifndef RUNTIME_EXECUTORS_ANNOTATED_H
#define RUNTIME_EXECUTORS_ANNOTATED_H

struct module;

/* Fills the module's table of marks, if it has one. */
void annotated_module_added(struct module *module);

void annotated_thread_ends(void);

/* Start-up, before the first module is added: the marks of a function that blocks. */
void annotated_set_blocking(void (*begins)(void), void (*ends)(void));

#endif
