#include "explain.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hang.h"
#include "hang_busy.h"
#include "hang_formats.h"
#include "hang_polls.h"
#include "inspect/core_file.h"
#include "inspect/process_alive.h"
#include "inspect/process_pause.h"
#include "inspect/unwatched_trace.h"
#include "report/collecting/collect_python.h"
#include "report/collecting/collect_stuck.h"
#include "report/collecting/collection.h"
#include "report/collecting/findings_finish.h"
#include "report/formats/text_layout.h"
#include "report/model/findings.h"
#include "report/tasks/python_groups.h"

bool explain_format_is_known(const char *name)
{
	return !strcmp(name, "text") || !strcmp(name, "json");
}

static void hang_look(struct hang *hang, struct report *report, struct process *process,
		      const struct trace_file *trace)
{
	struct collection collection = { .report = report, .process = process, .trace = trace };
	struct busy_search busy;

	hang->is_unwatched = trace->image;
	hang->is_core = trace->image && !trace->running;
	hang->torn = trace->torn_tasks;
	hang->old_tokio = *trace->old_tokio
				  ? strings_keep(&report->session->strings, trace->old_tokio)
				  : NULL;
	address_space_init(&collection.space, report->session, trace);
	collection.stalls = (struct stalls){ report, process, &collection.space };
	if (process->end != PROCESS_ENDED && process->end != PROCESS_REPLACED) {
		tasks_collect(&collection.space, process->ownership, &process->tasks);
		if (hang->takes_time)
			python_groups_add(&collection.space, process->ownership, &process->tasks);
		process_name_unlisted(report->session, process);
		/* What follows compares several looks, while the process runs. */
		if (hang->pause)
			hang->paused_ns = process_pause_end(hang->pause);
		busy_search_begin(&busy, trace);
		hang_threads(hang, &collection);
		hang_set_polls(hang, process);
		if (hang->takes_time) {
			collect_stuck(&collection);
			collect_python(&collection);
		}
		busy_search_end(&busy, hang, trace);
	}
	address_space_deinit(&collection.space);
}

/* Takes over the trace. */
static void explain_trace(struct hang *hang, struct report *report, const char *path,
			  struct trace_file *trace)
{
	struct process *process;

	process = process_create(report->session, trace,
				 strings_keep(&report->session->strings, path), false);
	hang->session = report->session;
	hang->process = report->processes = process;
	hang_look(hang, report, process, trace);
	trace_file_close(trace);
	if (hang->takes_time) {
		findings_finish(report);
		hang->findings = report->findings;
		hang->finding_count = report->finding_count;
	}
	hang_judge(hang);
}

int explain_read(struct hang *hang, struct report *report, const char *path, char *sentence)
{
	struct trace_file trace;
	int error = trace_file_read(&trace, path, sentence);

	if (!error)
		explain_trace(hang, report, path, &trace);
	return error;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* As wide as the terminal. */
static int explain_print_text(const struct hang *hang, const struct report *report, FILE *out)
{
	char *text;
	size_t size;
	FILE *memory = open_memstream(&text, &size);
	int error;

	if (!memory)
		memory_exhausted();
	error = hang_print_text(hang, report, memory);
	if (fclose(memory))
		memory_exhausted();
	text_wrap(text, size, report->options->width, out);
	free(text);
	return error;
}

/* A trace, the number of a process that may write one, or a core. */
static int explain_open(struct trace_file *trace, const struct report_options *options,
			const char *what, char path[PATH_MAX], char *sentence)
{
	snprintf(path, PATH_MAX, "%s", what);
	if (!access(what, F_OK) || !is_number(what))
		return core_file_is_core(what)
			       ? unwatched_trace_of_core(trace, what, options->sysroot, sentence)
			       : trace_file_read(trace, what, sentence);
	if (process_trace_of(what, path))
		return trace_file_read(trace, path, sentence);
	return unwatched_trace_of_process(trace, atoi(what), sentence);
}

static int explain_pause(struct process_pause *pause, const char *what, char *sentence)
{
	if (access(what, F_OK) && is_number(what))
		return process_pause_begin(pause, atoi(what), sentence, EXPLAIN_SENTENCE_SIZE);
	snprintf(sentence, EXPLAIN_SENTENCE_SIZE, "%s is no number of a process to stop", what);
	return -EINVAL;
}

int explain(const struct report_options *options, const char *what, FILE *out, bool *blocked,
	    char sentence[EXPLAIN_SENTENCE_SIZE])
{
	struct session session;
	struct report report = { .session = &session, .options = options };
	struct hang hang = { .session = &session, .takes_time = true };
	struct trace_file trace;
	char path[PATH_MAX];
	struct process_pause pause = { .fd = -1 };
	int error = options->stop ? explain_pause(&pause, what, sentence) : 0;

	if (!error)
		error = explain_open(&trace, options, what, path, sentence);
	if (error) {
		process_pause_end(&pause);
		return error;
	}
	if (options->stop)
		hang.pause = &pause;
	session_init(&session, &options->session);
	obstack_init(&report.memory);
	explain_trace(&hang, &report, path, &trace);
	process_pause_end(&pause);
	*blocked = hang.state >= HANG_BLOCKED;
	if (options->format && !strcmp(options->format, "json"))
		error = hang_print_json(&hang, &report, out);
	else
		error = explain_print_text(&hang, &report, out);
	findings_deinit(&report);
	obstack_free(&report.memory, NULL);
	stacks_deinit(&session);
	session_deinit(&session);
	return error;
}
