/*
 * Tokio. Every task is polled through slot 0 of a static table of functions, its vtable; the ones
 * that a module holds are found when it is loaded, and each slot 0 is made to lead through us:
 * begin and end of every poll, in programs as they are, stripped or not.
 */
#ifndef RUNTIME_EXECUTORS_TOKIO_H
#define RUNTIME_EXECUTORS_TOKIO_H

#include <stdbool.h>
#include <stdint.h>

#include "tokio_root.h"

struct executor;
struct module;

/* As members of a recogniser. */
void tokio_module_added(struct module *module);
void tokio_forked(void);

/* Whose turns these are; NULL when the table of executors is full. Async-signal-safe. */
struct executor *tokio_executor(void);

/* Whether a module has a task vtable, or a function of the runtime by its symbol. */
bool tokio_is_module(const struct module *module);

/* The same for the living module that holds an address. */
bool tokio_owns(uintptr_t pc);

#endif
