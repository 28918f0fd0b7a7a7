#include "watched_run.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "command.h"
#include "launch.h"
#include "options_text.h"
#include "preload.h"
#include "program.h"
#include "reader.h"
#include "report/frames/frame.h"
#include "report/live.h"
#include "report/formats/text_layout.h"
#include "run_layouts.h"
#include "screen.h"
#include "shared/text.h"
#include "size_text.h"
#include "survey.h"
#include "inspect/process_file.h"
#include "inspect/run_processes.h"
#include "inspect/stall_watch.h"
#include "inspect/trace_directory.h"

struct run {
	struct run_options *options;
	struct program program;
	struct trace_directory traces;
	FILE *report;
	struct screen screen;
	FILE *text; /* where a text report is written: to `report' or first to the screen's draft */
	struct reader reader;
	pid_t pid;
	int status; /* waitpid(2) status */
	struct report_summary summary;
	struct trace_writers writers; /* still running when the report is made */
	struct run_processes alive;   /* these, and those without a trace so far */
};

/* The results of the process that makes the report. */
struct conclusion {
	bool done;
	int exit_status;
};

static bool is_skipped(const struct run *run)
{
	return option_pattern_matches(run->options->runtime.skip,
				      path_name(run->options->command[0]));
}

/* The program runs even without layouts, or if reading them crashes. */
static void run_read_layouts(void *program)
{
	run_layouts_read(program);
}

/* All that can fail is done before the program starts. Returns -1 to continue, or
 * the exit status. */
static int run_prepare(struct run *run)
{
	struct run_options *options = run->options;
	char sentence[SENTENCE_SIZE], library[PATH_MAX], text[OPTIONS_TEXT_SIZE];
	int status = program_find(&run->program, options->command[0], sentence);

	/* A program that is not to be watched need not be watchable. */
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
		apart_run(run_read_layouts, &run->program);
	options_write(&options->runtime, text);
	if (options->preloads)
		preload_set(library, &run->program.kind, text);
	else
		preload_set_options(text);
	if (access("/proc/self/stat", F_OK))
		fprintf(stderr,
			"yieldsan: /proc is not mounted: nothing is reported live, and a turn that "
			"waits outside of libc is reported without its place\n");
	return -1;
}

static int start_failed(const struct run *run, int error)
{
	fprintf(stderr, "yieldsan: %s cannot be started: %s\n", run->program.file, strerror(error));
	return error == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_WATCH;
}

static bool run_wants_text(const struct run *run)
{
	const char *format = run->options->report.report.format;

	return !format || !strcmp(format, "text");
}

static bool keeps_traces(const struct run *run)
{
	for (unsigned level = run->options->report.report.show; level < SEVERITIES; level++)
		if (run->summary.findings[level])
			return true;
	return WIFSIGNALED(run->status) || run->writers.count || run->alive.count ||
	       run->summary.unreadable || run->summary.damaged;
}

static void print_lost_reader(const struct run *run, FILE *out)
{
	const struct reader *reader = &run->reader;

	if (!reader->lost)
		return;
	fputs("yieldsan: the process that reads the program from outside died", out);
	if (reader->lost > 1)
		fprintf(out, " %u times", reader->lost);
	if (WIFSIGNALED(reader->lost_how))
		fprintf(out, " (signal %d)", WTERMSIG(reader->lost_how));
	fprintf(out,
		"%s: samples of long turns, and tasks of processes that were killed, may be "
		"missing\n",
		reader->due_ns ? ", and was not restarted" : "");
}

/* Its executor may run its first turn at any time. */
static void print_alive(const struct run *run, FILE *out)
{
	const struct run_processes *alive = &run->alive;
	char name[64];

	if (!alive->count || !process_text(alive->first, alive->first, "comm", name, sizeof name))
		return;
	fprintf(out, "yieldsan: process %d (%s)", alive->first, name);
	if (alive->count > 1)
		fprintf(out, " and %zu more are still running, and write their traces",
			alive->count - 1);
	else
		fputs(" is still running, and writes its trace", out);
	fprintf(out, " to %s\n", run->traces.path);
}

/* The last line: how to report again once the remaining processes have ended. */
static void print_writers(const struct run *run, FILE *out)
{
	const struct trace_writers *writers = &run->writers;
	char name[64];

	if (!writers->count) {
		print_alive(run, out);
		return;
	}
	if (!process_text(writers->first, writers->first, "comm", name, sizeof name))
		strcpy(name, "?");
	fprintf(out, "yieldsan: process %d (%s)", writers->first, name);
	if (writers->count > 1)
		fprintf(out, " and %zu more are still running", writers->count - 1);
	else
		fputs(" is still running", out);
	fprintf(out, "; report on it again: yieldsan report %d\n", writers->first);
}

/* The probable reason, from the program's files. */
static const char *reason_of_nothing(const struct run *run, char sentence[SENTENCE_SIZE])
{
	struct survey survey;
	char loops[SENTENCE_SIZE];

	if (run->summary.unwatched)
		return "A program that was started without the library may have had one";
	survey_program(&survey, &run->program, NULL);
	if (survey_obstacle(&survey, sentence)) {
		*sentence = (char)toupper(*sentence);
		return sentence;
	}
	survey_loops(&survey, loops);
	if (*loops)
		snprintf(sentence, SENTENCE_SIZE,
			 "The program has %.*s inside, but ran no event loop of it that YieldSan "
			 "knows; or a child process ran one without the library, as under sudo or "
			 "in a static program",
			 SENTENCE_SIZE / 2, loops);
	else
		snprintf(sentence, SENTENCE_SIZE,
			 "The program has none that YieldSan knows; or a child process ran one "
			 "without the library, as under sudo or in a static program");
	return sentence;
}

static void print_nothing_watched(const struct run *run, FILE *out)
{
	char sentence[SENTENCE_SIZE];

	fprintf(out,
		"yieldsan: nothing was watched: no executor ran a turn%s. %s; `yieldsan check %s' "
		"says more\n",
		run->options->require_executor ? ", and that fails here" : "",
		reason_of_nothing(run, sentence), run->options->command[0]);
}

/* What the report itself does not contain. The last lines of a text; beside any other format. */
static void print_notes(const struct run *run, FILE *out)
{
	char size[SIZE_TEXT_SIZE];

	if (run->traces.is_gone)
		fprintf(out,
			"yieldsan: %s was removed while the program ran, and its traces with it; "
			"use --output to name a directory that stays\n",
			run->traces.path);
	else if (run->traces.cut)
		fprintf(out,
			"yieldsan: %zu trace%s in %s %s emptied by another program during the run: "
			"their findings are lost; keep clean-up scripts away, or use --output to "
			"name another directory\n",
			run->traces.cut, run->traces.cut == 1 ? "" : "s", run->traces.path,
			run->traces.cut == 1 ? "was" : "were");
	else if (run->traces.lost)
		fprintf(out,
			"yieldsan: %zu process%s found no room for a trace in %s (full disk, or "
			"ulimit -f): nothing was recorded there; make room, or use --output to "
			"name another directory\n",
			run->traces.lost, run->traces.lost == 1 ? "" : "es", run->traces.path);
	else if (!run->summary.turns && (!run->alive.count || run->options->require_executor))
		print_nothing_watched(run, out);
	if (run->summary.unwatched)
		fprintf(out,
			"yieldsan: NOT WATCHED: %zu program%s started without LD_PRELOAD, for "
			"example by env -i; pass LD_PRELOAD and %s on, or run that program under "
			"`yieldsan run'\n",
			run->summary.unwatched, run->summary.unwatched == 1 ? " was" : "s were",
			OPTIONS_VARIABLE);
	if (run->traces.is_private && run->traces.count && !run->traces.is_gone &&
	    keeps_traces(run))
		fprintf(out,
			"yieldsan: traces kept in %s (%s); show again: yieldsan report %s; remove: "
			"yieldsan clean %s\n",
			run->traces.path, size_text(size, trace_directory_bytes(&run->traces)),
			run->traces.path, run->traces.path);
	print_lost_reader(run, out);
	print_writers(run, out);
}

/* Ignore a process that is about to end. */
static void find_alive(struct run *run)
{
	const struct timespec pause = { .tv_nsec = 30000000 };

	run_processes_find(&run->alive, run->traces.run);
	if (!run->alive.count || run->writers.count)
		return;
	nanosleep(&pause, NULL);
	run_processes_find(&run->alive, run->traces.run);
}

/* As wide as the terminal. */
static void print_wrapped_notes(const struct run *run, FILE *out)
{
	char *text;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		memory_exhausted();
	print_notes(run, memory);
	fclose(memory);
	text_wrap(text, size, run_wants_text(run) ? run->options->report.report.width : 0, out);
	free(text);
}

static int make_report(struct run *run)
{
	FILE *notes = run_wants_text(run) ? run->text : stderr, *memory = NULL;
	char *text = NULL;
	size_t size = 0;
	int error;

	/* A document on standard error comes last, and unbroken. */
	if (!run_wants_text(run))
		memory = open_memstream(&text, &size);
	else if (run->traces.count)
		screen_rule(&run->options->report, run->text);
	/* A text report on nothing would only repeat the notes; but only a report says that no
	 * baseline was written. */
	error = !memory && !run->traces.count && !run->options->report.report.write_baseline
			? 0
			: report_make(&run->options->report.report, run->traces.traces,
				      run->traces.count, memory ? memory : run->text,
				      &run->summary);
	trace_directory_writers(&run->traces, &run->writers);
	find_alive(run);
	if (memory) {
		fclose(memory);
		print_wrapped_notes(run, notes);
		fwrite(text, 1, size, run->report);
		free(text);
	} else {
		print_wrapped_notes(run, notes);
	}
	if (run->text != run->report)
		fflush(run->text);
	return report_settings_close(&run->options->report, run->report, error);
}

/* The lost part may contain a finding. */
static bool has_lost_records(const struct run *run)
{
	return run->traces.is_gone || run->traces.lost || run->traces.cut ||
	       run->summary.incomplete || run->summary.lost_errors;
}

static int exit_status(const struct run *run, int report_error)
{
	const struct report_settings *settings = &run->options->report;
	int status;

	if (WIFSIGNALED(run->status))
		return STATUS_SIGNAL + WTERMSIG(run->status);
	if (WEXITSTATUS(run->status))
		return WEXITSTATUS(run->status);
	if (report_error)
		return STATUS_WRONG_USE;
	status = report_settings_status(settings, &run->summary);
	if (!status && has_lost_records(run) && settings->report.fail_on < SEVERITIES)
		return STATUS_WRONG_USE;
	if (!status && run->options->require_executor && !run->summary.turns)
		return settings->exit_code;
	return status;
}

static int run_start(struct run *run)
{
	const struct program *program = &run->program;
	char **arguments = program_arguments(program, run->options->command);
	const struct stall_watch_start watch = {
		.traces = &run->traces,
		.options = &run->options->runtime,
		.out = run_wants_text(run) ? run->report : stderr,
		.report = report_live,
		.report_stuck = report_live_stuck,
	};
	int error;

	reader_init(&run->reader, &watch);
	error = launch(program->by_shell ? program->watched : program->file, arguments,
		       &run->reader, &run->pid, &run->status);
	reader_end(&run->reader);
	free(arguments);
	return error;
}

/* Its failure is no failure of the program. */
static void export_run(const struct run *run)
{
	const char *url = run->options->export;
	char *paths[] = { (char *)run->traces.path };

	export_to(strcmp(url, "otlp") ? url : NULL, paths, 1, stderr);
}

static int run_conclude(struct run *run)
{
	int error;

	trace_directory_collect(&run->traces, run->pid, run->status);
	error = make_report(run);
	if (run->options->export)
		export_run(run);
	if (!error && !keeps_traces(run))
		trace_directory_remove(&run->traces);
	trace_directory_close(&run->traces);
	return exit_status(run, error);
}

struct concluding {
	struct run *run;
	struct conclusion *conclusion;
};

static void conclude_apart(void *data)
{
	struct concluding *concluding = data;

	concluding->conclusion->exit_status = run_conclude(concluding->run);
	concluding->conclusion->done = true;
}

/* The program's own status: findings are unknown. */
static int conclude_without_report(const struct run *run, int how)
{
	signal(SIGPIPE, SIG_IGN); /* the program may have ended by SIGPIPE */
	fprintf(stderr, "yieldsan: the report could not be made (");
	if (WIFSIGNALED(how))
		fprintf(stderr, "signal %d", WTERMSIG(how));
	else
		fprintf(stderr, "status %d", WEXITSTATUS(how));
	fprintf(stderr, "): the traces are in %s: `yieldsan report %s' reads them\n",
		run->traces.path, run->traces.path);
	return WIFSIGNALED(run->status) ? STATUS_SIGNAL + WTERMSIG(run->status)
					: WEXITSTATUS(run->status);
}

int watched_run(struct run_options *options)
{
	static struct run run;
	struct conclusion *conclusion;
	int status, error;

	run.options = options;
	status = run_prepare(&run);
	if (status >= 0)
		return status;
	error = run_start(&run);
	if (error) {
		trace_directory_remove(&run.traces);
		return start_failed(&run, -error);
	}
	if (!isatty(STDIN_FILENO))
		options->report.no_pager = true;
	run.text = screen_begin(&run.screen, &options->report, run.report);
	conclusion = apart_memory(sizeof *conclusion);
	if (!conclusion) {
		status = run_conclude(&run);
		screen_end(&run.screen);
		return status;
	}
	status = apart_run(conclude_apart, &(struct concluding){ &run, conclusion });
	screen_end(&run.screen);
	return conclusion->done ? conclusion->exit_status : conclude_without_report(&run, status);
}
