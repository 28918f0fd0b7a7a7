#include "live.h"

#include <inttypes.h>

#include "report/collecting/collect.h"
#include "report/collecting/collect_stuck.h"
#include "report/collecting/findings_finish.h"
#include "report/model/findings.h"
#include "report/model/model.h"
#include "report/collecting/stalls.h"

/* Returns the highest severity. */
static enum severity live_print(const struct report *report, uint64_t least_ns, FILE *out)
{
	enum severity highest = SEVERITY_NONE;

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = report->findings[i];

		/* A lock that is held without a waiter blocks no thread, and neither does a
		 * notice. A wait that another line explains is part of it. */
		if (!finding->in_progress || finding->progress_ns < least_ns ||
		    finding->kind == KIND_LOCK_ACROSS_YIELD ||
		    finding->kind == KIND_BORROW_ACROSS_YIELD ||
		    finding->severity < SEVERITY_WARNING ||
		    (finding->cause && finding->cause->in_progress))
			continue;
		fprintf(out, "yieldsan: [%" PRId64 "] %s%s%s\n", report->processes->pid,
			finding->thread ? finding->thread : "",
			finding->thread && *finding->thread ? ": " : "", finding->message);
		if (finding->severity > highest)
			highest = finding->severity;
	}
	fflush(out);
	return highest;
}

/* Keep files open between lines: opening them takes most of a line's time. If memory grows past
 * this limit, forget the processes that have ended. */
#define SESSION_MEMORY (64 << 20)

static struct session *session_now(void)
{
	static struct session session;
	static bool open;

	if (open && obstack_memory_used(&session.memory) > SESSION_MEMORY) {
		stacks_deinit(&session);
		session_deinit(&session);
		open = false;
	}
	if (!open)
		session_init(&session, &(struct session_options){ .in_haste = true });
	open = true;
	return &session;
}

/* Reports on the trace as it is now. `records`: of tasks that can never run again, alone; NULL: of
 * everything else. */
static enum severity report_on(const char *path, uint64_t least_ns,
			       const struct stuck_records *records, FILE *out)
{
	enum severity highest = SEVERITY_NONE;
	const struct report_options options = REPORT_OPTIONS_DEFAULT;
	struct report report = { .session = session_now(), .options = &options, .live = true };
	char sentence[TRACE_SENTENCE_SIZE];
	struct trace_file trace;

	if (trace_file_read(&trace, path, sentence))
		return highest;
	obstack_init(&report.memory);
	report.processes = process_create(report.session, &trace,
					  strings_keep(&report.session->strings, path), false);
	if (records)
		collect_stuck_alone(&report, report.processes, &trace, records);
	else
		collect(&report, report.processes, &trace);
	trace_file_close(&trace);
	stalls_finish(&report);
	findings_finish(&report);
	if (out)
		highest = live_print(&report, least_ns, out);
	findings_deinit(&report);
	obstack_free(&report.memory, NULL);
	return highest;
}

void report_live(const char *path, uint64_t least_ns, FILE *out)
{
	report_on(path, least_ns, NULL, out);
}

enum severity report_live_stuck(const char *path, const struct stuck_records *records, FILE *out)
{
	return report_on(path, 0, records, out);
}
