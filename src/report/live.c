#include "live.h"

#include <inttypes.h>

#include "report/collecting/collect.h"
#include "report/model/model.h"
#include "report/collecting/stalls.h"

static void print(const struct report *report, uint64_t least_ns, FILE *out)
{
	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = report->findings[i];

		/* Of a lock that is held alone nothing hangs, nor of what is a notice. */
		if (!finding->in_progress || finding->progress_ns < least_ns ||
		    finding->kind == KIND_LOCK_ACROSS_YIELD ||
		    finding->kind == KIND_BORROW_ACROSS_YIELD ||
		    finding->severity < SEVERITY_WARNING)
			continue;
		fprintf(out, "yieldsan: [%" PRId64 "] %s%s%s\n", report->processes->pid,
			finding->thread ? finding->thread : "",
			finding->thread && *finding->thread ? ": " : "", finding->message);
	}
	fflush(out);
}

void report_live(const char *path, uint64_t least_ns, FILE *out)
{
	const struct report_options options = REPORT_OPTIONS_DEFAULT;
	struct report report = { .options = &options, .live = true };
	char sentence[TRACE_SENTENCE_SIZE];
	struct trace_file trace;

	if (trace_file_read(&trace, path, sentence))
		return;
	obstack_init(&report.memory);
	strings_init(&report.strings);
	symbols_init(&report.symbols, &report.strings, NULL);
	report.processes = process_create(&report, &trace, path);
	collect(&report, report.processes, &trace);
	trace_file_close(&trace);
	stalls_finish(&report);
	findings_finish(&report);
	print(&report, least_ns, out);
	findings_deinit(&report);
	symbols_deinit(&report.symbols);
	strings_deinit(&report.strings);
	obstack_free(&report.memory, NULL);
}
