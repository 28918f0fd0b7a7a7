#include "text_finding.h"

#include <stdarg.h>
#include <string.h>

#include "report/model/model.h"
#include "report/model/words.h"
#include "report/tasks/await_chain.h"
#include "report/wording/handler.h"
#include "report/wording/headline.h"
#include "report/wording/quantity.h"
#include "report/wording/test_words.h"
#include "report/wording/why.h"
#include "text_layout.h"
#include "text_samples.h"
#include "text_source.h"
#include "text_stack.h"
#include "text_style.h"

#define MAX_SHOWN_SHARES 5 /* processes that a finding lists */
#define MAX_SHOWN_STACKS 4
#define MAX_PARTS	 4 /* other calls below the same library call */
#define MAX_RELATED	 5 /* findings of the same cause that are listed */

static void print_headline(const struct report *report, const struct finding *finding,
			   const struct text_style *style, FILE *out)
{
	static const char *const words[] = { "", "NOTICE", "WARNING", "ERROR" };

	fprintf(out, "%s%-7s%s " TEXT_HANG "%s\n", style->severity[finding->severity],
		words[finding->severity], style->plain, headline(report->session, finding));
}

/* "3 processes: 4711 (2 times), 4712 (1 time) and 1 more" */
static void print_shares(const struct finding *finding, FILE *out)
{
	char text[64];

	if (finding->share_count < 2)
		return;
	fprintf(out, "  %zu processes: ", finding->share_count);
	for (size_t i = 0; i < finding->share_count && i < MAX_SHOWN_SHARES; i++)
		fprintf(out, "%s%lld (%s)", i ? ", " : "",
			(long long)finding->shares[i].process->pid,
			quantity_of(text, finding->shares[i].count, "time"));
	if (finding->share_count > MAX_SHOWN_SHARES)
		fprintf(out, " and %zu more", finding->share_count - MAX_SHOWN_SHARES);
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
	if (finding->harm_events && finding->root)
		add_evidence(out, &begun, "meanwhile %s task%s had to wait",
			     quantity_count(number, finding->harm_events),
			     finding->harm_events == 1 ? "" : "s");
	else if (finding->harm_events)
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
		[ROOT_MAIN_SCRIPT] =
			"The event loop does not turn before the main script has returned.",
	};

	if (finding->root == ROOT_UNKNOWN && finding->family == FAMILY_ASYNC_TASK)
		fputs("  It holds up the future given to block_on, and what that future runs or "
		      "joins.\n",
		      out);
	else if (finding->root == ROOT_MULTI_THREAD && finding->harm_events)
		fputs("  A task was suspended all the time, and the future given to block_on woke "
		      "it "
		      "afterwards.\n",
		      out);
	else if (remarks[finding->root])
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
		fprintf(out, "%s %s", stack->role == ROLE_WAITING ? " for" : "", stack->lock);
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

static void finding_print_stack(const struct report *report, const struct finding_stack *stack,
				const struct text_style *style, bool source, FILE *out)
{
	text_stack_print(report->session, finding_stack_face(stack), style, source, out);
	if (stack->native.incomplete)
		fprintf(out, "      (callers not recorded: very many %s)\n",
			stack->lock ? "locks in this turn" : "notices in this process");
	if (stack->script.count && style->full) {
		fputs("    native frames:\n", out);
		text_stack_print(report->session, &stack->native, style, false, out);
	} else if (stack->script.count && !style->limited) {
		text_stack_print_folded(&stack->native, out);
	}
}

/* The parts of one library call; the finding is the worst of them. */
static void print_parts(const struct finding *finding, const struct text_style *style, FILE *out)
{
	char duration[QUANTITY_SIZE], times[64];
	size_t count = 0;
	const char *before = "  of the same call: ";

	for (const struct finding *part = finding->also; part; part = part->next_part) {
		if (!finding_is_same_call(finding, part) || (++count > MAX_PARTS && !style->full))
			continue;
		fprintf(out, "%s%s %s, %s", before, part->call,
			quantity_of(times, part->count, "time"),
			quantity_duration(duration, part->total_ns));
		before = "; ";
	}
	if (count > MAX_PARTS && !style->full)
		fprintf(out, "; and %zu more", count - MAX_PARTS);
	if (count)
		fputc('\n', out);
}

/* What else has the same cause; and the finding that explains this one. */
static void print_related(const struct report *report, const struct finding *finding, FILE *out)
{
	size_t count = 0;

	for (const struct finding *part = finding->also; part; part = part->next_part)
		if (!finding_is_same_call(finding, part) && count++ < MAX_RELATED)
			fprintf(out, "  %s: %s\n",
				part->kind == KIND_LOCK_ACROSS_YIELD ||
						part->kind == KIND_BORROW_ACROSS_YIELD
					? "cause"
					: "same cause",
				headline(report->session, part));
	if (count > MAX_RELATED)
		fprintf(out, "  same cause: %zu more\n", count - MAX_RELATED);
	if (finding->cause)
		fprintf(out, "  explained by: %s (id %s)\n",
			headline(report->session, finding->cause), finding->cause->id);
}

static void print_stacks(const struct report *report, const struct finding *finding,
			 const struct text_style *style, bool has_source, FILE *out)
{
	size_t count = finding->stack_count;

	/* The hottest sample represents all; the tree shows the others' shares. */
	if (finding->kind == KIND_LONG_TURN) {
		finding_print_stack(report, &finding->stacks[0], style, !has_source, out);
		text_samples_print(report, finding, out);
		return;
	}
	for (size_t i = 0; i < count && (i < MAX_SHOWN_STACKS || style->full); i++) {
		if (count > 1)
			print_role(&finding->stacks[i], out);
		finding_print_stack(report, &finding->stacks[i], style, i || !has_source, out);
	}
	if (count > MAX_SHOWN_STACKS && !style->full)
		fprintf(out, "  ... %zu more stack%s (--full shows all)\n",
			count - MAX_SHOWN_STACKS, count - MAX_SHOWN_STACKS == 1 ? "" : "s");
}

static void print_details(const struct report *report, const struct finding *finding,
			  const struct text_style *style, bool has_source, FILE *out)
{
	print_tests(report, finding, out);
	print_evidence(finding, out);
	print_parts(finding, style, out);
	print_related(report, finding, out);
	print_remark(finding, out);
	print_reasons(report, finding, out);
	print_task(report, finding, out);
	print_stacks(report, finding, style, has_source, out);
}

/* The first of the lines, if there are more. */
static void print_limited(const struct report *report, const struct finding *finding,
			  const struct text_style *style, bool has_source, size_t most, FILE *out)
{
	char *text, *end, *next;
	size_t size, left;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		memory_exhausted();
	print_details(report, finding, style, has_source, memory);
	if (fclose(memory))
		memory_exhausted();
	end = text;
	for (size_t used = 0; most && *end; end = next) {
		next = strchr(end, '\n') + 1;
		used += text_wrap(end, (size_t)(next - end), style->width, NULL);
		if (used > most)
			break;
	}
	left = most ? text_wrap(end, strlen(end), 0, NULL) : 0;
	if (left > 2) {
		fwrite(text, 1, (size_t)(end - text), out);
		fprintf(out, "      ... %zu more lines: --full shows all\n", left);
	} else {
		fputs(text, out);
	}
	free(text);
}

void text_finding_print(const struct report *report, const struct finding *finding,
			const struct text_style *style, enum text_extent extent, size_t most,
			FILE *out)
{
	bool has_source;

	print_headline(report, finding, style, out);
	has_source = text_source_print(report, finding, style, out);
	if (extent == TEXT_WHOLE)
		print_limited(report, finding, style, has_source, most, out);
	else
		print_task(report, finding, out);
	fprintf(out, "  advice: %s\n", finding->advice);
	if (extent == TEXT_WHOLE)
		fprintf(out, "  id: %s\n", finding->id);
	fputc('\n', out);
}
