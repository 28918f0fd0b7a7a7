/* What `yieldsan top` shows: reports on the same traces, taken again and again, and the rates
 * between two of them. */
#ifndef TOOLS_TOP_DATA_H
#define TOOLS_TOP_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/session.h"
#include "report/explain/hang.h"
#include "report/model/model.h"

struct top_executor {
	const struct process *process;
	const struct process_executor *executor;
	double turns_rate; /* turns a second since the former report; negative: unknown */
	double busy;	   /* share of its threads' time since then; negative: unknown */
	const struct hung_thread *worst; /* its thread that is blocked for longest; NULL: none */
};

struct top_finding {
	const struct finding *finding;
	double rate; /* times a second; negative: unknown */
};

struct top_tasks {
	const struct process *process;
	const struct task_group *group;
};

struct top_thread {
	const struct hang *hang;
	const struct hung_thread *thread;
};

struct top_counts;

/* All arrays live until the next top_data_take(). */
struct top_data {
	struct session session;
	struct report_options options;
	struct report report;
	struct report *looks; /* one for each process: its threads and tasks */
	struct hang *hangs;
	size_t look_count;
	struct top_executor *executors;
	size_t executor_count;
	struct top_finding *findings; /* worst first */
	size_t finding_count;
	struct top_tasks *tasks; /* largest first */
	size_t task_count;
	struct top_thread *threads; /* blocked ones first */
	size_t thread_count;
	double turns_rate;
	bool is_read;
	uint64_t taken_ns; /* CLOCK_MONOTONIC */
	struct top_counts *former, *present;
};

void top_data_init(struct top_data *data, const struct report_options *options);

/* Reads these traces. A trace that cannot be read is left out. */
void top_data_take(struct top_data *data, char **paths, size_t count);

void top_data_deinit(struct top_data *data);

#endif
