/* Turns marked by the program itself. */
#ifndef RUNTIME_EXECUTORS_ANNOTATED_H
#define RUNTIME_EXECUTORS_ANNOTATED_H

struct module;

/* Fills the module's table of marks, if it has one. */
void annotated_module_added(struct module *module);

void annotated_thread_ends(void);

#endif
