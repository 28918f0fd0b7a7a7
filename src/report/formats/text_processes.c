#include "text_processes.h"

#include <inttypes.h>
#include <string.h>

#include "report/wording/headline.h"
#include "report/model/model.h"
#include "report/wording/quantity.h"
#include "shared/text.h"
#include "text_style.h"
#include "text_tasks.h"
#include "report/model/words.h"

#define MAX_PROCESSES	20 /* processes with nothing but executors to report */
#define MAX_LIMITED	3  /* likewise in a report that is limited to a screen */
#define MAX_SHOWN_TYPES 5  /* task types per executor */
#define LIMITED_TYPES	2  /* likewise in a report that is limited to a screen */
#define MAX_ARGUMENTS	80 /* length of a command line */

/* Without the directory of the program itself; files below the repository's top relative to it. */
static const char *shown_argument(struct session *session, const char *argument, size_t number)
{
	if (*argument != '/')
		return argument;
	return number ? shown_path(session, argument) : path_name(argument);
}

static void print_command(struct session *session, const struct process *process, FILE *out)
{
	size_t used = 0;

	for (size_t i = 0; i < process->argument_count; i++) {
		const char *argument = shown_argument(session, process->arguments[i], i);

		used += strlen(argument) + 1;
		if (used > MAX_ARGUMENTS) {
			fprintf(out, i ? " ..." : "%.*s...", MAX_ARGUMENTS, argument);
			return;
		}
		fprintf(out, "%s%s", i ? " " : "", argument);
	}
	if (!process->argument_count)
		fputs(*process->executable ? process->executable : "(a program not known)", out);
}

static void print_end(const struct process *process, FILE *out)
{
	switch (process->end) {
	case PROCESS_ENDED:
		fprintf(out, "exited with status %d", process->end_code);
		break;
	case PROCESS_SIGNALED:
		fprintf(out, "killed by signal %d (%s)", process->end_code,
			sigabbrev_np(process->end_code) ? sigabbrev_np(process->end_code) : "?");
		break;
	case PROCESS_RUNNING:
		fputs("still running", out);
		break;
	case PROCESS_REPLACED:
		fputs("replaced by exec", out);
		break;
	case PROCESS_LOST:
		fputs(process->is_foreign ? "as it is in its core" : "killed or crashed", out);
		break;
	}
}

static void print_lengths(const struct turn_lengths *lengths, const struct text_style *style,
			  FILE *out)
{
	size_t types = style->full ? SIZE_MAX : style->limited ? LIMITED_TYPES : MAX_SHOWN_TYPES;
	char half[QUANTITY_SIZE], most[QUANTITY_SIZE], longest[QUANTITY_SIZE], turns[64];

	if (!lengths->turns)
		return;
	fprintf(out, "      turns: p50 %s, p99 %s, longest %s",
		quantity_duration(half, lengths->p50_ns), quantity_duration(most, lengths->p99_ns),
		quantity_duration(longest, lengths->max_ns));
	if (lengths->busy_share >= 0)
		fprintf(out, "; busy %.3g %% of the time", 100 * lengths->busy_share);
	fputc('\n', out);
	for (size_t i = 0; i < lengths->type_count && i < types; i++)
		fprintf(out, "      task %s: longest %s, %s in %s\n", lengths->types[i].name,
			quantity_duration(longest, lengths->types[i].max_ns),
			quantity_duration(most, lengths->types[i].total_ns),
			quantity_of(turns, lengths->types[i].turns, "turn"));
	if (lengths->type_count > types)
		fprintf(out, "      and %zu more types of tasks: --full lists all\n",
			lengths->type_count - types);
}

static void print_executor(const struct process_executor *executor, const struct text_style *style,
			   FILE *out)
{
	char threads[64], turns[64], waits[64], lost[QUANTITY_SIZE];

	fprintf(out, "    %s", executor->name);
	if (strcmp(executor->name, family_word(executor->family)))
		fprintf(out, " (%s)", family_word(executor->family));
	fprintf(out, ": %s, %s", quantity_of(threads, executor->threads, "thread"),
		quantity_of(turns, executor->turns, "turn"));
	if (executor->confidence != CONFIDENCE_HIGH)
		fprintf(out, ", confidence %s", confidence_word(executor->confidence));
	fputc('\n', out);
	print_lengths(&executor->lengths, style, out);
	if (executor->own_waits)
		fprintf(out,
			"      the interpreter itself waited %s, %s in total (GIL, GC, compiler; "
			"not reported as findings)\n",
			quantity_of(waits, executor->own_waits, "time"),
			quantity_duration(lost, executor->own_waits_ns));
}

static void print_losses(const struct process *process, FILE *out)
{
	char events[64], sites[64];

	if (process->lost_sites)
		fprintf(out,
			"    %s in new places found no room in the trace: findings are missing; "
			"give "
			"more room with the options trace_size and max_sites\n",
			quantity_of(sites, process->lost_sites, "event"));
	if (process->lost_events)
		fprintf(out, "    %s could not be recorded: counts are too low\n",
			quantity_of(events, process->lost_events, "event"));
	if (process->flags & TRACE_SECCOMP)
		fputs("    The program installed a seccomp filter: from then on watching made no "
		      "system calls of its own, so findings may be missing or less exact.\n",
		      out);
	if (process->flags & TRACE_NO_UNWINDER)
		fputs("    libunwind could not be loaded: stacks show the calling function alone; "
		      "install libunwind8.\n",
		      out);
	if (process->flags & TRACE_UNWINDER_OF_SYSTEM)
		fputs("    Stacks were read with the system's libunwind: this build of "
		      "libyieldsan.so has none inside.\n",
		      out);
	if (process->flags & TRACE_NO_ROOT_FUTURES)
		fputs("    Tokio has no symbols here: what block_on's own future does is not "
		      "reported, "
		      "only tasks are; keep the symbols (strip = false) to see it.\n",
		      out);
	if (process->damage)
		fprintf(out, "    %s.\n", process->damage);
}

static bool has_losses(const struct process *process)
{
	return process->unwatched_count || process->lost_sites || process->lost_events ||
	       (process->flags & ~(uint32_t)(TRACE_NO_LAYOUT | TRACE_UNWINDER_OF_SYSTEM)) ||
	       process->damage;
}

static void text_print_process(const struct report *report, const struct process *process,
			       const struct text_style *style, FILE *out)
{
	fprintf(out, "  [%" PRId64 "] ", process->pid);
	print_command(report->session, process, out);
	fputs(": ", out);
	print_end(process, out);
	fputc('\n', out);
	if (!process->executor_count)
		fputs("    no executor was seen\n", out);
	for (size_t i = 0; i < process->executor_count && !process->is_foreign; i++)
		print_executor(&process->executors[i], style, out);
	text_tasks_print(report, process, out);
	for (size_t i = 0; i < process->unwatched_count; i++)
		fprintf(out,
			"    NOT WATCHED: %s, started without LD_PRELOAD, and its "
			"children\n",
			process->unwatched[i]);
	print_losses(process, out);
}

void text_processes_print(const struct report *report, const struct text_style *style, FILE *out)
{
	size_t shown = 0, left_out = 0;
	bool limited = style->limited && !report->options->tasks;
	size_t most = style->full ? SIZE_MAX : limited ? MAX_LIMITED : MAX_PROCESSES;

	if (!report->processes)
		return;
	fputs(report->summary.foreign == report->summary.processes ? "Processes\n" : "Watched\n",
	      out);
	for (const struct process *process = report->processes; process; process = process->next) {
		if (!has_losses(process) &&
		    (shown >= most ||
		     (limited && !process->executor_count && report->summary.executors))) {
			left_out++;
			continue;
		}
		text_print_process(report, process, style, out);
		shown++;
	}
	if (left_out)
		fprintf(out, "  and %zu more process%s (%s lists all)\n", left_out,
			left_out == 1 ? "" : "es", limited ? "--full" : "--format=json");
	for (const struct missing_module *without_layout = report->session->without_layout;
	     without_layout; without_layout = without_layout->next)
		fprintf(out,
			"  Cannot show what tasks of %s hold across awaits: its debug "
			"information %s.\n",
			shown_path(report->session, without_layout->path), without_layout->problem);
	for (const struct missing_module *missing = report->session->missing; missing;
	     missing = missing->next)
		fprintf(out, "  Frames of %s have no %s: it %s.\n", missing->path, missing->lacks,
			missing->problem);
	fputc('\n', out);
}
