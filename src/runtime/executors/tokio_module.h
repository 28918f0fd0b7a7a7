/* A module with Tokio in it. Each has a copy of its own, with its own thread-local state. */
#ifndef RUNTIME_EXECUTORS_TOKIO_MODULE_H
#define RUNTIME_EXECUTORS_TOKIO_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "../modules.h"
#include "tokio_context.h"
#include "tokio_symbols.h"

#define TOKIO_MODULES 64 /* at one time */

struct tokio_module {
	struct module *module; /* NULL: a free entry */
	struct tokio_context context;
	struct tokio_symbols symbols;
};

extern struct tokio_module tokio_modules[TOKIO_MODULES];

/* One after the other those that are loaded; begin with NULL. Async-signal-safe. */
struct tokio_module *tokio_module_next(struct tokio_module *previous);

#endif
