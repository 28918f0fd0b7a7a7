/* Executors as the runtime knows them: who runs turns in this process. */
#ifndef RUNTIME_EXECUTORS_EXECUTOR_H
#define RUNTIME_EXECUTORS_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "yieldsan/trace_format.h"

#define MAX_EXECUTORS 64

struct module;

struct executor {
	enum executor_family family;
	enum confidence confidence;
	char name[48];
	/* In this process's trace; NULL before its first turn, and again in a forked child. */
	struct trace_executor *record;
};

/* The executor of this family and name, made on first use. NULL when the table is full: counted as a
 * loss. Async-signal-safe. */
struct executor *executor_get(enum executor_family family, const char *name, enum confidence confidence);

/* Its record in the trace, written on first use; NULL when there is no room. */
struct trace_executor *executor_record(struct executor *executor);

/* A recogniser, one line each in recognisers[] (executors/table.c). Any member may be NULL. */
struct recogniser {
	const char *name;
	void (*module_added)(struct module *module);   /* start-up, dlopen */
	void (*module_removed)(struct module *module); /* dlclose */
	void (*forked)(void);			       /* in the child */
};

extern const struct recogniser recognisers[];
extern const unsigned recogniser_count;

#endif
