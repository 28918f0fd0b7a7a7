/* The kinds of tasks that a file holds: its task vtables, as the runtime will find them. */
#ifndef TOOLS_TASK_TABLES_H
#define TOOLS_TASK_TABLES_H

#include <stdbool.h>

struct task_tables {
	unsigned by_shape;  /* found without symbols: Tokio 1.23 and later */
	unsigned by_symbol; /* further ones, of which only the name of `poll` tells */
	bool named;	    /* there are symbols of Tokio's poll functions */
	bool async_task;    /* there are symbols of async-task's */
};

/* Returns 0 or -errno. */
int task_tables_read(struct task_tables *tables, const char *path);

#endif
