/* A finding: what a report shows, one for each kind and place. */
#ifndef REPORT_FINDING_H
#define REPORT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "debug_info/hash.h"
#include "stack.h"
#include "yieldsan/trace_format.h"

struct report;

/* Whose turn it was, where that changes what a finding means. */
enum finding_root {
	ROOT_NONE, /* a task's or a callback's */
	ROOT_CURRENT_THREAD,
	ROOT_MULTI_THREAD,
	ROOT_UNKNOWN, /* block_on's own future, of a scheduler not known */
};

struct finding {
	char id[17];
	enum severity severity;
	uint32_t confidence; /* enum confidence */
	uint32_t family;     /* enum executor_family */
	enum finding_root root;
	const char *executor; /* its name; kept, as all strings here */
	const char *call, *category, *thread;
	enum script_language language;

	uint64_t count, total_ns, max_ns, off_cpu_ns;
	uint64_t first_ns, last_ns; /* since the start of the process */
	uint64_t harm_events, harm_turns;
	uint64_t histogram[TRACE_HISTOGRAM_BUCKETS];

	bool in_progress;     /* a call had not ended when the trace was read */
	bool running;	      /* nor had the process */
	uint64_t progress_ns; /* how long it took so far; 0: not known */

	int64_t *pids; /* each once */
	size_t pid_count, pid_room;

	struct stack native, script; /* script: of the interpreter; count 0 where there is none */

	const char *message, *advice; /* once all is in */

	UT_hash_handle hh;
	uint64_t key[]; /* what makes two observations one finding */
};

/*
 * Adds an observation to the findings: to the one of the same kind and place, or as a new one.
 * Takes what `seen` holds, its id, pids, message and advice apart.
 */
void finding_add(struct report *report, const struct finding *seen, int64_t pid);

/* Worst first, with ids, messages and advice; to be called once, when all are in. */
void findings_finish(struct report *report);

/* The stack that the author of the program knows: the script's where there is one. */
const struct stack *finding_stack(const struct finding *finding);

void findings_deinit(struct report *report);

#endif
