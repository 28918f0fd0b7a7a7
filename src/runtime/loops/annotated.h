/* Turns that a program marks itself. */
#ifndef RUNTIME_EXECUTORS_ANNOTATED_H
#define RUNTIME_EXECUTORS_ANNOTATED_H

struct module;

/* Fills the table of marks of a module that has one. */
void annotated_module_added(struct module *module);

void annotated_thread_ends(void);

#endif
