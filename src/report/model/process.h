/* What ran: one process of the report, and the executors that were seen in it. */
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
	const char *trace_path, *executable;
	struct ownership *ownership;
	const char *own;      /* option: packages and paths that are the user's */
	const char *allow;    /* the options it ran with: functions that may block */
	struct limits limits; /* of these options */
	bool tests;	      /* findings of any phase count in full */
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
	const char *damage; /* a sentence; NULL: the trace is whole */
	struct process_executor *executors;
	size_t executor_count;
	struct allowance *allowances;
	size_t allowance_count;
	struct timeline *timelines; /* see timeline.h */
	size_t timeline_count;
	struct process_tasks tasks; /* where they were asked for */
	const char **unwatched;	    /* programs it started that could not be watched */
	size_t unwatched_count;
};

struct session;

/* Whether it has an executor of which tasks can be listed. */
bool process_lists_tasks(const struct process *process);

/* Says in tasks.problem of which executors none are listed, where nothing worse is said. */
void process_name_unlisted(struct session *session, struct process *process);

/* In the session's memory. `path` is kept; `lengths`: also of turns. */
struct process *process_create(struct session *session, const struct trace_file *trace,
			       const char *path, bool lengths);

#endif
