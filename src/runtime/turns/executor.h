/* Executors as the runtime knows them: what runs turns in this process. */
#ifndef RUNTIME_EXECUTORS_EXECUTOR_H
#define RUNTIME_EXECUTORS_EXECUTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "executors/executors.h"

#define MAX_EXECUTORS 64

struct executor {
	enum executor_family family;
	enum confidence confidence;
	bool ready;
	bool confirmed; /* see trace_executor */
	uint32_t level;
	uintptr_t key; /* distinguishes executors of one name */
	char name[48];
	uint8_t keeps_stacks; /* turns with many locks that keep all stacks: see locks/held_quiet.h
			       */
	/* In this process's trace; NULL before its first turn, and again in a forked child. */
	struct trace_executor *record;
};

/*
 * The executor of this family, name and key, made on first use; not confirmed, see
 * executor_confirm. NULL if the table is full (counted as a loss). Async-signal-safe.
 */
struct executor *executor_get(enum executor_family family, const char *name, uintptr_t key,
			      enum confidence confidence);

/* An executor that has a file in src/executors: always confirmed. NULL as above. */
struct executor *executor_known(enum executor_id id);

/* Its findings count from now on, including those recorded already. */
void executor_confirm(struct executor *executor);

/* Raises its level: see trace_executor.level. */
void executor_reach(struct executor *executor, uint32_t level);

/* Called in a forked child. */
void executors_forget_records(void);

/* Its record in the trace, written on first use; NULL if there is no room. */
struct trace_executor *executor_record(struct executor *executor);

#endif
