#include "report.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "report/frames/installed.h"
#include "report/frames/source_text.h"
#include "report/filters/baseline.h"
#include "report/collecting/collect.h"
#include "report/collecting/findings_finish.h"
#include "report/collecting/loop_name.h"
#include "support/progress.h"
#include "report/formats/format.h"
#include "report/model/findings.h"
#include "report/model/model.h"
#include "inspect/core_file.h"
#include "inspect/process_alive.h"
#include "inspect/task_kinds.h"
#include "inspect/trace_directory.h"
#include "inspect/unwatched_trace.h"
#include "report/collecting/scan.h"
#include "report/collecting/stalls.h"
#include "report/filters/suppressions.h"
#include "judgement/limits.h"
#include "report/tasks/python_groups.h"

static const struct {
	const char *name;
	int (*write)(const struct report *report, FILE *out);
	bool draws_turns;
} formats[] = {
#define FORMAT(file, name, turns) { name, format_##file, turns },
	REPORT_FORMATS(FORMAT)
#undef FORMAT
};

const char *report_format_names(void)
{
#define FORMAT(file, name, turns) ", " name
	static const char names[] = REPORT_FORMATS(FORMAT);
#undef FORMAT

	return names + 2;
}

static int find_format(const char *name)
{
	if (!name)
		return 0;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (!strcmp(formats[i].name, name))
			return (int)i;
	return -EINVAL;
}

bool report_format_is_known(const char *name)
{
	return find_format(name) >= 0;
}

bool report_format_draws_turns(const char *name)
{
	int format = find_format(name);

	return format >= 0 && formats[format].draws_turns;
}

static FILE *errors_of(const struct report *report)
{
	return report->options->errors ? report->options->errors : stderr;
}

static void add_process(struct report *report, struct process *process)
{
	struct process **at = &report->processes;

	while (*at &&
	       ((*at)->pid < process->pid ||
		((*at)->pid == process->pid && strcmp((*at)->trace_path, process->trace_path) < 0)))
		at = &(*at)->next;
	process->next = *at;
	*at = process;
	report->summary.processes++;
	report->summary.unwatched += process->unwatched_count;
	report->summary.foreign += process->is_foreign;
	for (size_t i = 0; i < process->executor_count; i++) {
		report->summary.executors += process->executors[i].turns > 0;
		report->summary.turns += process->executors[i].turns;
	}
}

static void refuse_path(struct report *report, const char *sentence)
{
	fprintf(errors_of(report), "yieldsan: %s\n", sentence);
	report->summary.unreadable++;
}

/* Of one that ended by itself nothing waits any more. */
static void note_quiet(struct report *report, const struct process *process,
		       const struct trace_file *trace)
{
	uint64_t quiet_ns = task_kinds_quiet_ns(trace);

	if (process->end != PROCESS_ENDED && process->end != PROCESS_REPLACED &&
	    quiet_ns >= LIMIT_QUIET && quiet_ns > report->summary.quiet_ns)
		report->summary.quiet_ns = quiet_ns;
}

/* Takes over the trace. */
static void take_trace(struct report *report, const char *path, struct trace_file *trace)
{
	struct process *process;
	FILE *errors = errors_of(report);

	process = process_create(report->session, trace,
				 strings_keep(&report->session->strings, path), true);
	loop_names_give(report->session, process, trace);
	if (process->damage) {
		fprintf(errors, "yieldsan: %s\n", process->damage);
		report->summary.damaged++;
		report->summary.incomplete += trace_file_is_incomplete(trace);
	}
	report->summary.lost_sites += process->lost_sites;
	report->summary.lost_errors += trace->header->lost_errors;
	add_process(report, process);
	note_quiet(report, process, trace);
	collect(report, process, trace);
	if (report->options->tasks && process->end != PROCESS_ENDED &&
	    process->end != PROCESS_REPLACED) {
		struct address_space space;

		address_space_init(&space, report->session, trace);
		tasks_collect(&space, process->ownership, &process->tasks);
		python_groups_add(&space, process->ownership, &process->tasks);
		process_name_unlisted(report->session, process);
		address_space_deinit(&space);
	}
	trace_file_close(trace);
}

static void read_trace(struct report *report, const char *path)
{
	char sentence[TRACE_SENTENCE_SIZE];
	struct trace_file trace;

	if (trace_file_read(&trace, path, sentence))
		refuse_path(report, sentence);
	else
		take_trace(report, path, &trace);
}

/* Only its tasks are known. */
static void read_core(struct report *report, const char *path)
{
	char sentence[TRACE_SENTENCE_SIZE];
	struct trace_file trace;

	if (!report->options->tasks)
		snprintf(sentence, sizeof sentence,
			 "%s is a core, which has no findings: list its tasks with --tasks, or see "
			 "`yieldsan explain'",
			 path);
	else if (!unwatched_trace_of_core(&trace, path, report->options->sysroot, sentence)) {
		take_trace(report, path, &trace);
		return;
	}
	refuse_path(report, sentence);
}

static int entry_is_trace(const struct dirent *entry)
{
	return trace_is_named(entry->d_name);
}

static void read_directory(struct report *report, const char *directory)
{
	struct dirent **entries;
	int count = scandir(directory, &entries, entry_is_trace, alphasort);

	if (count < 0) {
		fprintf(errors_of(report), "yieldsan: %s cannot be read: %s\n", directory,
			strerror(errno));
		report->summary.unreadable++;
		return;
	}
	for (int i = 0; i < count; i++) {
		char *path;

		progress_step("reading traces", (size_t)i, (size_t)count);

		if (asprintf(&path, "%s/%s", directory, entries[i]->d_name) < 0)
			memory_exhausted();
		read_trace(report, path);
		free(path);
		free(entries[i]);
	}
	free(entries);
}

/* Moves the findings for which there is a reason to those left out, and returns how many. */
static size_t leave_out(struct report *report,
			const char *(*reason_of)(struct report *report,
						 const struct finding *finding))
{
	size_t count = report->finding_count;

	report->finding_count = 0;
	for (size_t i = 0; i < count; i++) {
		const char *reason = reason_of(report, report->findings[i]);

		if (!reason) {
			report->findings[report->finding_count++] = report->findings[i];
			continue;
		}
		report->left_out = memory_grow(report->left_out, report->left_out_count,
					       &report->left_out_room, sizeof *report->left_out);
		report->left_out[report->left_out_count++] =
			(struct left_out){ report->findings[i], reason };
	}
	return count - report->finding_count;
}

/* A finding is left out when one of its parts is. */
static const char *suppressed_by(struct report *report, const struct finding *finding)
{
	struct suppressions *suppressions = report->options->suppressions;
	const struct suppression *rule =
		suppressions ? suppressions_match(suppressions, finding) : NULL;

	for (const struct finding *part = finding->also; part && suppressions && !rule;
	     part = part->next_part)
		rule = suppressions_match(suppressions, part);
	return rule ? strings_print(&report->session->strings, "suppressed by %s:%u: %s",
				    rule->path, rule->line,
				    rule->reason ? rule->reason : rule->text)
		    : NULL;
}

static bool finding_is_in_baseline(const struct report_options *options,
				   const struct finding *finding)
{
	bool is = baseline_knows(options->baseline, finding->id) ||
		  (*finding->former_id && baseline_knows(options->baseline, finding->former_id));

	for (size_t i = 0; i < finding->path_id_count; i++)
		is |= baseline_knows(options->baseline, finding->path_ids[i]);
	return is;
}

/* Ask about every finding: the baseline reports known findings that were not seen. */
static const char *known_by_baseline(struct report *report, const struct finding *finding)
{
	const struct report_options *options = report->options;
	bool is = options->baseline && finding_is_in_baseline(options, finding);

	for (const struct finding *part = finding->also; part && options->baseline;
	     part = part->next_part)
		is |= finding_is_in_baseline(options, part);
	return is ? "in the baseline" : NULL;
}

/* Not for a run that was not watched: the baseline would drop all findings as fixed. */
static void write_baseline(struct report *report)
{
	char sentence[BASELINE_SENTENCE_SIZE];
	const char *path = report->options->write_baseline;

	if (!path)
		return;
	if (!report->summary.turns && !report->finding_count && !report->summary.scanned)
		snprintf(sentence, sizeof sentence,
			 "no baseline is written to %s: no executor ran a turn", path);
	else if (!baseline_write(report, path, sentence))
		return;
	fprintf(errors_of(report), "yieldsan: %s\n", sentence);
	report->summary.baseline_unwritten = true;
}

static void report_summarise(struct report *report)
{
	const struct report_options *options = report->options;
	struct report_summary *summary = &report->summary;

	summary->suppressed = leave_out(report, suppressed_by);
	write_baseline(report);
	summary->baseline = leave_out(report, known_by_baseline);
	for (size_t i = 0; i < report->finding_count; i++) {
		enum severity severity = report->findings[i]->severity;

		summary->findings[severity]++;
		summary->failed |= severity >= options->fail_on && !options->write_baseline;
	}
	if (options->suppressions)
		summary->unused_suppressions = suppressions_unused(options->suppressions);
	summary->failed |= options->fail_on_unused_suppressions && summary->unused_suppressions;
}

/* The argument is the number of a running process instead of its trace. */
static void report_read_number(struct report *report, const char *path)
{
	char trace[PATH_MAX], sentence[TRACE_SENTENCE_SIZE];
	struct trace_file unwatched;

	if (!*path || strspn(path, "0123456789") != strlen(path)) {
		read_trace(report, path);
	} else if (process_trace_of(path, trace)) {
		read_trace(report, trace);
	} else if (report->options->tasks) {
		if (unwatched_trace_of_process(&unwatched, atoi(path), sentence))
			refuse_path(report, sentence);
		else
			take_trace(report, path, &unwatched);
	} else {
		snprintf(sentence, sizeof sentence,
			 errno == EACCES || errno == EPERM
				 ? "process %s cannot be looked at: it is another user's, or has "
				   "more rights than the caller; report on it as that user, or as "
				   "root"
				 : "%s: there is no such file, and no process of this number that "
				   "writes a trace: it does not run, is not watched, or had no "
				   "turn yet; `yieldsan explain' and --tasks need no trace",
			 path);
		refuse_path(report, sentence);
	}
}

static void read_path(struct report *report, const char *path, const struct scan_options *scan)
{
	char sentence[LAYOUT_SENTENCE_SIZE];
	struct stat status;

	if (scan) {
		int error = scan_file(report, path, scan, sentence);

		report->summary.unreadable += error < 0;
		if (error)
			fprintf(errors_of(report), "yieldsan: %s\n", sentence);
	} else if (stat(path, &status)) {
		report_read_number(report, path);
	} else if (S_ISDIR(status.st_mode)) {
		read_directory(report, path);
	} else if (core_file_is_core(path)) {
		read_core(report, path);
	} else {
		read_trace(report, path);
	}
}

static void report_nameless(const struct report *report)
{
	const struct missing_module *missing;

	for (missing = report->session->missing; missing; missing = missing->next)
		if (!strcmp(missing->lacks, LACKS_NAMES))
			fprintf(errors_of(report), "yieldsan: frames of %s have no names: it %s\n",
				missing->path, missing->problem);
}

/* Keeps the first, which are the worst. Counts and exit status are those of all. */
static void keep_top(struct report *report)
{
	size_t top = report->options->top, count = report->finding_count;

	for (size_t i = top; top && i < count; i++) {
		report->summary.beyond_top +=
			report->findings[i]->severity >= report->options->show;
		finding_free_shares(report->findings[i]);
	}
	if (top && top < count)
		report->finding_count = top;
}

static void report_read_paths(struct report *report, const struct scan_options *scan, char **paths,
			      size_t count)
{
	obstack_init(&report->memory);
	progress_on(errors_of(report));
	for (size_t i = 0; i < count; i++) {
		progress_step(scan ? "scanning files" : "reading traces", i, count);
		read_path(report, paths[i], scan);
	}
	progress_step("finding names and lines", 0, 0);
	stalls_finish(report);
	progress_step("putting findings together", 0, 0);
	findings_finish(report);
	progress_on(NULL);
	if (report->options->report_nameless)
		report_nameless(report);
	report_summarise(report);
	keep_top(report);
}

void report_read(struct report *report, char **paths, size_t count)
{
	report_read_paths(report, NULL, paths, count);
}

void report_free(struct report *report)
{
	findings_deinit(report);
	obstack_free(&report->memory, NULL);
}

void report_session_deinit(struct session *session)
{
	source_texts_deinit(session);
	installed_deinit(session);
	stacks_deinit(session);
	session_deinit(session);
}

static int report_make_and_write(const struct report_options *options,
				 const struct scan_options *scan, char **paths, size_t count,
				 FILE *out, struct report_summary *summary)
{
	struct session session;
	struct report report = { .session = &session, .options = options };
	int format = find_format(options->format), error;

	memset(summary, 0, sizeof *summary);
	if (format < 0)
		return format;
	session_init(&session, &options->session);
	report_read_paths(&report, scan, paths, count);
	*summary = report.summary;
	error = formats[format].write(&report, out);
	if (!error && (fflush(out) || ferror(out)))
		error = errno ? -errno : -EIO;
	report_free(&report);
	report_session_deinit(&session);
	return error;
}

int report_make(const struct report_options *options, char **paths, size_t count, FILE *out,
		struct report_summary *summary)
{
	return report_make_and_write(options, NULL, paths, count, out, summary);
}

int report_scan(const struct report_options *options, const struct scan_options *scan, char **paths,
		size_t count, FILE *out, struct report_summary *summary)
{
	return report_make_and_write(options, scan, paths, count, out, summary);
}
