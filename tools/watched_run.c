#include "watched_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "command.h"
#include "launch.h"
#include "options_text.h"
#include "preload.h"
#include "program.h"
#include "report/frames/frame.h"
#include "run_layouts.h"
#include "inspect/stall_watch.h"
#include "inspect/trace_directory.h"

struct run {
	struct run_options *options;
	struct program program;
	struct trace_directory traces;
	FILE *report;
	pid_t pid;
	int status; /* of waitpid(2) */
	struct report_summary summary;
};

static bool is_skipped(const struct run *run)
{
	return option_pattern_matches(run->options->runtime.skip,
				      path_name(run->options->command[0]));
}

/* What can go wrong goes wrong before the program is started. Returns -1 to go on, or the exit
 * status. */
static int prepare(struct run *run)
{
	struct run_options *options = run->options;
	char sentence[SENTENCE_SIZE], library[PATH_MAX], text[OPTIONS_TEXT_SIZE];
	int status = program_find(&run->program, options->command[0], sentence);

	/* What is not to be watched need not be able to. */
	if (!status && !is_skipped(run))
		status = program_refusal(&run->program, sentence);
	if (status) {
		fprintf(stderr, "yieldsan: %s\n", sentence);
		return status;
	}
	if (!preload_find(library))
		return STATUS_CANNOT_WATCH;
	run->report = report_settings_open(&options->report, stderr);
	if (!run->report)
		return STATUS_WRONG_USE;
	if (!trace_directory_open(&run->traces,
				  options->output ? options->output : options->runtime.output))
		return STATUS_WRONG_USE;
	strcpy(options->runtime.output, run->traces.path);
	strcpy(options->runtime.run, run->traces.run);
	options->runtime.summary = false;
	if (!is_skipped(run) && options->preloads && run_layouts_name(&options->runtime))
		run_layouts_read(&run->program);
	options_write(&options->runtime, text);
	if (options->preloads)
		preload_set(library, &run->program.kind, text);
	else
		preload_set_options(text);
	return -1;
}

static int start_failed(const struct run *run, int error)
{
	fprintf(stderr, "yieldsan: %s cannot be started: %s\n", run->program.file, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_WATCH;
}

static bool is_text(const struct run *run)
{
	const char *format = run->options->report.report.format;

	return !format || !strcmp(format, "text");
}

static bool keeps_traces(const struct run *run)
{
	for (unsigned level = run->options->report.report.show; level < SEVERITIES; level++)
		if (run->summary.findings[level])
			return true;
	return WIFSIGNALED(run->status) || run->summary.unreadable || run->summary.damaged;
}

/* What the report itself does not say. The last lines of a text; beside any other format. */
static void print_notes(const struct run *run, FILE *out)
{
	if (run->traces.is_gone)
		fprintf(out,
			"yieldsan: %s, where the traces were, was removed while the program ran: "
			"what they had is lost; name a directory that stays by --output\n",
			run->traces.path);
	else if (run->traces.empty)
		fprintf(out,
			"yieldsan: %zu process%s found no room for a trace in %s (a full disk, or "
			"ulimit -f): what blocked there is lost; make room, or name another "
			"directory by --output\n",
			run->traces.empty, run->traces.empty == 1 ? "" : "es", run->traces.path);
	else if (!run->summary.turns)
		fprintf(out,
			"yieldsan: nothing was watched: no executor ran a turn%s. %s; `yieldsan "
			"check %s' tells more\n",
			run->options->require_executor ? ", and that fails here" : "",
			run->summary.unwatched
				? "What was started without the library may have had one"
				: "Either the program has none, or it runs where nothing is "
				  "preloaded: behind sudo or a static program",
			run->options->command[0]);
	if (run->summary.unwatched)
		fprintf(out,
			"yieldsan: NOT WATCHED: %zu program%s started without LD_PRELOAD, as by "
			"env -i; let LD_PRELOAD and %s pass there, or run that program by "
			"`yieldsan run' itself\n",
			run->summary.unwatched, run->summary.unwatched == 1 ? " was" : "s were",
			OPTIONS_VARIABLE);
	if (run->traces.is_private && !run->traces.is_gone && keeps_traces(run))
		fprintf(out,
			"yieldsan: the traces are in %s: `yieldsan report %s' shows them again\n",
			run->traces.path, run->traces.path);
}

static int make_report(struct run *run)
{
	FILE *notes = is_text(run) ? run->report : stderr, *memory = NULL;
	char *text = NULL;
	size_t size = 0;
	int error;

	/* A document on standard error comes last, and whole. */
	if (!is_text(run))
		memory = open_memstream(&text, &size);
	/* A text on nothing would only say so, as the notes do; that there is no baseline now, they
	 * do not. */
	error = !memory && !run->traces.count && !run->options->report.report.write_baseline
			? 0
			: report_make(&run->options->report.report, run->traces.traces,
				      run->traces.count, memory ? memory : run->report,
				      &run->summary);
	if (memory) {
		fclose(memory);
		print_notes(run, notes);
		fwrite(text, 1, size, run->report);
		free(text);
	} else {
		print_notes(run, notes);
	}
	return report_settings_close(&run->options->report, run->report, error);
}

static int exit_status(const struct run *run, int report_error)
{
	if (WIFSIGNALED(run->status))
		return STATUS_SIGNAL + WTERMSIG(run->status);
	if (WEXITSTATUS(run->status))
		return WEXITSTATUS(run->status);
	if (report_error || run->traces.is_gone)
		return STATUS_WRONG_USE;
	if (run->options->require_executor && !run->summary.turns)
		return run->options->report.exit_code;
	return report_settings_status(&run->options->report, &run->summary);
}

static int start(struct run *run)
{
	const struct program *program = &run->program;
	char **arguments = program_arguments(program, run->options->command);
	struct stall_watch *watch = stall_watch_begin(&run->traces, &run->options->runtime,
						      is_text(run) ? run->report : stderr);
	int error = launch(program->by_shell ? program->watched : program->file, arguments,
			   &run->pid, &run->status);

	stall_watch_end(watch);

	free(arguments);
	return error;
}

int watched_run(struct run_options *options)
{
	static struct run run;
	int status, error;

	run.options = options;
	status = prepare(&run);
	if (status >= 0)
		return status;
	error = start(&run);
	if (error) {
		trace_directory_remove(&run.traces);
		return start_failed(&run, -error);
	}
	trace_directory_collect(&run.traces, run.pid, run.status);
	error = make_report(&run);
	if (!error && !keeps_traces(&run))
		trace_directory_remove(&run.traces);
	trace_directory_close(&run.traces);
	return exit_status(&run, error);
}
