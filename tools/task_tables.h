/* The task types in a file: its task vtables, as the runtime will find them. */
#ifndef TOOLS_TASK_TABLES_H
#define TOOLS_TASK_TABLES_H

#include <stdbool.h>

struct task_tables {
	unsigned by_shape;  /* found without symbols: Tokio 1.23 and later */
	unsigned by_symbol; /* further ones, found only by the name of `poll` */
	bool named;	    /* has symbols of Tokio's poll functions */
	bool async_task;    /* has symbols of async-task */
	bool block_on;	    /* has those of the futures crate, pollster, futures-lite or async-io */
};

/* Returns 0 or -errno. */
int task_tables_read(struct task_tables *tables, const char *path);

#endif
