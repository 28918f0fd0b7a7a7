/* One process of the report, and the executors that were seen in it. */
#ifndef REPORT_PROCESS_H
#define REPORT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allowance.h"
#include "judgement/limits.h"
#include "report/tasks/tasks.h"
#include "inspect/trace_file.h"
#include "timeline.h"
#include "turn_lengths.h"

struct process_executor {
	uint32_t family;     /* enum executor_family */
	uint32_t confidence; /* enum confidence */
	const char *name;
	uint64_t threads, turns;
	uint64_t own_waits, own_waits_ns;
	struct turn_lengths lengths;
};

struct process {
	struct process *next;
	int64_t pid;
	uint64_t start_unix_ns; /* when the runtime started in it, since 1970 */
	const char *trace_path, *executable;
	struct ownership *ownership;
	const char *own;      /* option: packages and paths that belong to the user */
	const char *allow;    /* its options: functions that may block */
	struct limits limits; /* limits in these options */
	const char *test;     /* that all of it runs; NULL: unknown */
	bool tests;	      /* findings of all phases keep their severity */
	const char **arguments;
	size_t argument_count;
	enum {
		PROCESS_ENDED,
		PROCESS_SIGNALED,
		PROCESS_RUNNING,
		PROCESS_REPLACED,
		PROCESS_LOST
	} end;
	int end_code;
	uint64_t lost_events, lost_sites;
	uint32_t flags;	    /* enum trace_flags */
	const char *damage; /* a sentence; NULL: the trace is complete */
	struct process_executor *executors;
	size_t executor_count;
	struct allowance *allowances;
	size_t allowance_count;
	struct timeline *timelines; /* see timeline.h */
	size_t timeline_count;
	struct process_tasks tasks; /* if requested */
	const char **unwatched;	    /* programs that it started without the library */
	size_t unwatched_count;
	bool is_foreign; /* not started under YieldSan, or a core: only its tasks are known */
};

struct session;

/* Whether it has an executor whose tasks can be listed. */
bool process_lists_tasks(const struct process *process);

/* Names in tasks.problem the executors whose tasks are not listed, unless a worse
 * problem is set. */
void process_name_unlisted(struct session *session, struct process *process);

/* In the session's memory. `path` is kept; `lengths`: read the lengths of turns too. */
struct process *process_create(struct session *session, const struct trace_file *trace,
			       const char *path, bool lengths);

#endif
