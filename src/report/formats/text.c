/* --format=text: for people. Findings worst first; the one-line summary last, where a terminal
 * shows it. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/tasks/await_chain.h"
#include "format.h"
#include "report/wording/handler.h"
#include "report/wording/headline.h"
#include "report/model/model.h"
#include "report/wording/quantity.h"
#include "report/wording/test_words.h"
#include "text.h"
#include "text_left_out.h"
#include "text_processes.h"
#include "text_samples.h"
#include "text_stack.h"
#include "report/wording/why.h"
#include "report/model/words.h"

#define MAX_SHARES 5 /* processes that a finding lists */

struct colours {
	const char *severity[SEVERITIES];
	const char *bold, *plain;
};

static const struct colours colourful = {
	.severity = { "", "\033[36m", "\033[33m", "\033[1;31m" },
	.bold = "\033[1m",
	.plain = "\033[0m",
};
static const struct colours colourless = {
	.severity = { "", "", "", "" },
	.bold = "",
	.plain = "",
};

static const struct colours *choose_colours(const struct report_options *options, FILE *out)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
	int fd;

	if (options->colour == REPORT_COLOUR_ALWAYS)
		return &colourful;
	if (options->colour == REPORT_COLOUR_NEVER || (no && *no) ||
	    (terminal && !strcmp(terminal, "dumb")))
		return &colourless;
	fd = fileno(out);
	return fd >= 0 && isatty(fd) ? &colourful : &colourless;
}

static void print_headline(const struct finding *finding, const struct colours *colours, FILE *out)
{
	static const char *const words[] = { "", "NOTICE", "WARNING", "ERROR" };

	fprintf(out, "%s%-7s%s %s\n", colours->severity[finding->severity],
		words[finding->severity], colours->plain, finding->message);
}

/* "3 processes: 4711 (2 times), 4712 (1 time) and 1 more" */
static void print_shares(const struct finding *finding, FILE *out)
{
	char text[64];

	if (finding->share_count < 2)
		return;
	fprintf(out, "  %zu processes: ", finding->share_count);
	for (size_t i = 0; i < finding->share_count && i < MAX_SHARES; i++)
		fprintf(out, "%s%lld (%s)", i ? ", " : "",
			(long long)finding->shares[i].process->pid,
			quantity_of(text, finding->shares[i].count, "time"));
	if (finding->share_count > MAX_SHARES)
		fprintf(out, " and %zu more", finding->share_count - MAX_SHARES);
	fputc('\n', out);
}

/* The time asleep is an estimate if most calls were too short to measure each. */
static bool is_estimate(const struct finding *finding)
{
	return finding->kind == KIND_BLOCKING_CALL && finding->category &&
	       (!strcmp(finding->category, "file") || !strcmp(finding->category, "metadata")) &&
	       finding->count > TRACE_SLEEP_SAMPLES &&
	       finding->total_ns / finding->count < TRACE_SHORT_CALL_NS;
}

/* A part of the evidence line: after a comma, or at its beginning. */
__attribute__((format(printf, 3, 4))) static void add_evidence(FILE *out, bool *begun,
							       const char *format, ...)
{
	va_list arguments;

	fputs(*begun ? ", " : "  ", out);
	*begun = true;
	va_start(arguments, format);
	vfprintf(out, format, arguments);
	va_end(arguments);
}

static void add_sleep(const struct finding *finding, bool *begun, FILE *out)
{
	uint64_t share;

	/* May be unknown for a call in progress. */
	if (!finding->off_cpu_ns || !finding->total_ns ||
	    (finding->in_progress && finding->kind != KIND_LONG_TURN &&
	     finding->off_cpu_ns < finding->progress_ns))
		return;
	share = (uint64_t)(100.0 * (double)finding->off_cpu_ns / (double)finding->total_ns);
	add_evidence(out, begun, "%s %s%d %% of the time",
		     finding->kind == KIND_LONG_TURN ? "not running" : "asleep",
		     is_estimate(finding) ? "about " : "", share > 100 ? 100 : (int)share);
}

/* Facts besides the cost: harm, thread, and the confidence if it is not high. */
static void print_evidence(const struct finding *finding, FILE *out)
{
	char number[QUANTITY_SIZE];
	bool begun = false;

	add_sleep(finding, &begun, out);
	if (finding->harm_events)
		add_evidence(out, &begun, "meanwhile %s ready event%s had to wait",
			     quantity_count(number, finding->harm_events),
			     finding->harm_events == 1 ? "" : "s");
	if (finding->long_turns)
		add_evidence(out, &begun, "made %s turn%s too long",
			     quantity_count(number, finding->long_turns),
			     finding->long_turns == 1 ? "" : "s");
	if (finding->thread && *finding->thread)
		add_evidence(out, &begun, "thread %s", finding->thread);
	if (finding->share_count == 1)
		add_evidence(out, &begun, "process %lld",
			     (long long)finding->shares[0].process->pid);
	if (finding->confidence != CONFIDENCE_HIGH)
		add_evidence(out, &begun, "confidence %s", confidence_word(finding->confidence));
	if (begun)
		fputc('\n', out);
	print_shares(finding, out);
}

static void print_tests(const struct report *report, const struct finding *finding, FILE *out)
{
	const char *words = test_words(report->session, finding);

	if (words)
		fprintf(out, "  %s\n", words);
}

static void print_remark(const struct finding *finding, FILE *out)
{
	static const char *const remarks[] = {
		[ROOT_NONE] = NULL,
		[ROOT_CURRENT_THREAD] = "The future given to block_on shares its thread with all "
					"tasks of a current_thread runtime.",
		[ROOT_MULTI_THREAD] = "On a multi_thread runtime the future given to block_on "
				      "holds up itself alone, not the tasks.",
		[ROOT_UNKNOWN] =
			"It is not known which runtime this is: on a current_thread one the "
			"tasks are held up, on a multi_thread one block_on's future alone.",
	};

	if (remarks[finding->root])
		fprintf(out, "  %s\n", remarks[finding->root]);
}

static void print_reason(enum reason reason, FILE *out)
{
	fprintf(out, "  %s: %s\n", reason_effect_word(reason), reason_sentence(reason));
}

/* Printed on request; reasons that concern machine load are always printed. */
static void print_reasons(const struct report *report, const struct finding *finding, FILE *out)
{
	for (enum reason reason = 0; reason < REASONS; reason++)
		if (reason_is_in(finding->reasons, reason) &&
		    (report->options->why || reasons_name_load(REASON_BIT(reason))))
			print_reason(reason, out);
	if (report->options->why && !finding->reasons)
		print_reason(REASON_UNKNOWN, out);
}

static void print_task(const struct report *report, const struct finding *finding, FILE *out)
{
	const char *chain =
		finding->variable && !finding->share_count
			? NULL
			: await_chain_text(report->session, finding->task, &finding->awaits);

	const char *alive = alive_text(report->session, &finding->alive);

	if (!chain)
		chain = handler_text(report->session, finding);
	if (chain)
		fprintf(out, "  %s\n", chain);
	if (alive)
		fprintf(out, "  %s\n", alive);
}

/* "waiting, thread worker-1 (4711), for mutex 0x7f.., for 2.1 s:" */
static void print_role(const struct finding_stack *stack, FILE *out)
{
	char duration[QUANTITY_SIZE];

	fprintf(out, "  %s",
		stack->role == ROLE_SAMPLE && !stack->weight ? "now" : role_word(stack->role));
	if (stack->weight)
		fprintf(out, " %s", quantity_count(duration, stack->weight));
	if (stack->lock)
		fprintf(out, " %s", stack->lock);
	if (stack->thread && *stack->thread)
		fprintf(out, ", thread %s", stack->thread);
	if (stack->tid)
		fprintf(out, " (%lld)", (long long)stack->tid);
	if (stack->more_threads)
		fprintf(out, " and %u more", stack->more_threads);
	if (stack->since_ns)
		fprintf(out, ", for %s", quantity_duration(duration, stack->since_ns));
	fputs(":\n", out);
}

static void print_stack(const struct report *report, const struct finding_stack *stack,
			const struct colours *colours, FILE *out)
{
	text_stack_print(report->session, finding_stack_face(stack), colours->bold, colours->plain,
			 out);
	if (stack->native.incomplete)
		fprintf(out, "      (callers not recorded: very many %s)\n",
			stack->lock ? "locks in this turn" : "notices in this process");
	if (stack->script.count)
		text_stack_print_folded(&stack->native, out);
}

/* The parts of one library call; the finding is the worst of them. */
static void print_parts(const struct finding *finding, FILE *out)
{
	char duration[QUANTITY_SIZE], times[64];
	const char *before = "  of the same call: ";

	for (const struct finding *part = finding->also; part; part = part->next_part) {
		if (!finding_is_same_call(finding, part))
			continue;
		fprintf(out, "%s%s %s, %s", before, part->call,
			quantity_of(times, part->count, "time"),
			quantity_duration(duration, part->total_ns));
		before = "; ";
	}
	if (*before == ';')
		fputc('\n', out);
}

#define MAX_RELATED 5 /* findings of the same cause that are listed */

/* What else has the same cause; and the finding that explains this one. */
static void print_related(const struct finding *finding, FILE *out)
{
	size_t count = 0;

	for (const struct finding *part = finding->also; part; part = part->next_part)
		if (!finding_is_same_call(finding, part) && count++ < MAX_RELATED)
			fprintf(out, "  %s: %s\n",
				part->kind == KIND_LOCK_ACROSS_YIELD ||
						part->kind == KIND_BORROW_ACROSS_YIELD
					? "cause"
					: "same cause",
				part->message);
	if (count > MAX_RELATED)
		fprintf(out, "  same cause: %zu more\n", count - MAX_RELATED);
	if (finding->cause)
		fprintf(out, "  explained by: %s (id %s)\n", finding->cause->message,
			finding->cause->id);
}

static void print_finding(const struct report *report, const struct finding *finding,
			  const struct colours *colours, FILE *out)
{
	print_headline(finding, colours, out);
	print_tests(report, finding, out);
	print_evidence(finding, out);
	print_parts(finding, out);
	print_related(finding, out);
	print_remark(finding, out);
	print_reasons(report, finding, out);
	print_task(report, finding, out);
	for (size_t i = 0; i < finding->stack_count; i++) {
		/* The hottest sample represents all; the tree shows the others' shares. */
		if (finding->kind == KIND_LONG_TURN && i)
			break;
		if (finding->stack_count > 1 && finding->kind != KIND_LONG_TURN)
			print_role(&finding->stacks[i], out);
		print_stack(report, &finding->stacks[i], colours, out);
	}
	if (finding->kind == KIND_LONG_TURN)
		text_samples_print(report, finding, out);
	fprintf(out, "  advice: %s\n  id: %s\n\n", finding->advice, finding->id);
}

static void print_counts(const struct report_summary *summary, const struct colours *colours,
			 FILE *out)
{
	char text[64];

	for (unsigned severity = SEVERITIES - 1; severity > SEVERITY_NONE; severity--)
		fprintf(out, "%s%s%s%s", severity == SEVERITIES - 1 ? "" : ", ",
			summary->findings[severity] ? colours->severity[severity] : "",
			quantity_of(text, summary->findings[severity], severity_word(severity)),
			summary->findings[severity] ? colours->plain : "");
}

static void print_summary(const struct report *report, const struct colours *colours, FILE *out)
{
	const struct report_summary *summary = &report->summary;
	size_t hidden = 0;
	char turns[64], awaiting[64], processes[QUANTITY_SIZE], lost[64];

	for (int severity = SEVERITY_NOTICE; severity < (int)report->options->show; severity++)
		hidden += summary->findings[severity];
	if (!summary->processes && !summary->scanned) /* the caller reports the reason */
		return;
	fputs("yieldsan: ", out);
	if (!summary->executors && !summary->scanned) {
		fputs("no executor ran a turn: nothing was watched, so this says nothing about the "
		      "program\n",
		      out);
		return;
	}
	print_counts(summary, colours, out);
	if (summary->scanned)
		fprintf(out, " at %s of %s", quantity_of(turns, summary->awaits, "await"),
			quantity_of(awaiting, summary->machines, "async function"));
	else
		fprintf(out, " in %s of %s process%s", quantity_of(turns, summary->turns, "turn"),
			quantity_count(processes, summary->processes),
			summary->processes == 1 ? "" : "es");
	if (summary->suppressed)
		fprintf(out, ", %zu suppressed", summary->suppressed);
	if (summary->baseline)
		fprintf(out, ", %zu in the baseline", summary->baseline);
	if (summary->lost_sites)
		fprintf(out, ", %s lost for want of room",
			quantity_of(lost, summary->lost_sites, "event"));
	if (hidden)
		fprintf(out, " (%zu not shown: --show=%s)", hidden,
			severity_word(summary->findings[SEVERITY_NOTICE] ? SEVERITY_NOTICE
									 : SEVERITY_WARNING));
	fputc('\n', out);
}

void text_print_finding(const struct report *report, const struct finding *finding, FILE *out)
{
	print_finding(report, finding, &colourless, out);
}

void text_print_summary(const struct report *report, FILE *out)
{
	print_summary(report, &colourless, out);
}

/* The findings of one phase, with a heading unless it is the service phase. */
static void print_phase(const struct report *report, enum phase phase,
			const struct colours *colours, FILE *out)
{
	static const char *const headings[PHASES] = {
		[PHASE_STARTUP] = "During start-up, before anything was accepted",
		[PHASE_SHUTDOWN] = "During shutdown, after the program was asked to end",
	};
	char text[64];
	size_t count = 0, hidden = 0;

	for (size_t i = 0; i < report->finding_count; i++) {
		const struct finding *finding = report->findings[i];

		if (finding->phase != phase)
			continue;
		if (finding->severity < report->options->show) {
			hidden++;
			continue;
		}
		if (headings[phase] && !count++)
			fprintf(out, "%s:\n\n", headings[phase]);
		print_finding(report, finding, colours, out);
	}
	if (headings[phase] && hidden && !count)
		fprintf(out, "%s: %s, not shown: --show=notice\n\n", headings[phase],
			quantity_of(text, hidden, "notice"));
}

int format_text(const struct report *report, FILE *out)
{
	const struct colours *colours = choose_colours(report->options, out);

	for (enum phase phase = PHASE_SERVICE; phase < PHASES; phase++)
		print_phase(report, phase, colours, out);
	text_processes_print(report, out);
	text_left_out_print(report, out);
	print_summary(report, colours, out);
	return 0;
}
