/* Shared by the code that makes findings of one trace's records. */
#ifndef REPORT_COLLECTION_H
#define REPORT_COLLECTION_H

#include "inspect/address_space.h"
#include "report/model/model.h"
#include "stalls.h"

struct collection {
	struct report *report;
	const struct process *process;
	const struct trace_file *trace;
	struct address_space space;
	struct stalls stalls;
	uint32_t record; /* offset of the one that is being collected; 0: an event in progress */
};

/* From the process's start to a CLOCK_MONOTONIC time of the trace. */
uint64_t collection_since_start(const struct collection *collection, uint64_t ns);

/* From then until the trace was read or the process ended; 0 if the end was not seen. */
uint64_t collection_elapsed(const struct collection *collection, uint64_t start_ns);

/* Fills a finding's executor members. False for a loop that does not count as an executor. */
bool collection_executor(struct collection *collection, const struct trace_executor *executor,
			 struct finding *seen);

/* A stack of the trace, with its interpreter frames; empty for an offset that names none. Returns
 * whether its outermost frames may be missing. */
bool collection_stack(struct collection *collection, uint32_t offset, uint64_t when_ns,
		      struct finding_stack *stack);

/* Adds the finding, unless an option of the process allows it. */
void collection_add(struct collection *collection, const struct finding *seen);

/* A record, by its index among those of its type. */
const void *collection_record(const struct collection *collection, enum record_type type, size_t i);

/* Likewise, and observations that follow are made from it. */
const void *collection_take(struct collection *collection, enum record_type type, size_t i);

/* Each collects the records of one subject: locks and their misuse; threads that wait for each
 * other. */
void collect_lock_sites(struct collection *collection);
void collect_cancelled(struct collection *collection);
void collect_deadlocks(struct collection *collection);
void collect_guards(struct collection *collection);
void collect_suspended(struct collection *collection);

/* One guard, from the trace or read from the process since. */
struct trace_guard_site;
void collection_add_guard(struct collection *collection, const struct trace_guard_site *site);

/* Where the task of a trace_guard_site waits, and "_guard, a MutexGuard<u32>, of a suspended task".
 * False if unknown. */
bool collection_guard(struct collection *collection, uint32_t offset, struct finding_stack *stack,
		      const char **words);

/* Whether a thread waits for a lock and is already reported as deadlocked. */
bool collection_is_deadlocked(struct collection *collection, int32_t tid);

#endif
