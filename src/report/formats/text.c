/* --format=text: for people. Findings worst first; the one-line summary last, where a terminal
 * shows it. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "report/model/model.h"
#include "report/model/words.h"
#include "report/wording/quantity.h"
#include "text.h"
#include "text_finding.h"
#include "text_layout.h"
#include "text_left_out.h"
#include "text_processes.h"
#include "text_style.h"
#include "text_table.h"

#define TABLE_FROM     6  /* findings */
#define LEAST_DETAILS  6  /* lines of the first finding besides what is printed in brief */
#define MAX_TABLE_ROWS 15 /* of the table, in a report that is limited to a screen */

static const struct text_style colourful = {
	.severity = { "", "\033[36m", "\033[33m", "\033[1;31m" },
	.bold = "\033[1m",
	.plain = "\033[0m",
};
const struct text_style text_style_plain = {
	.severity = { "", "", "", "" },
	.bold = "",
	.plain = "",
};

static bool is_colourful(const struct report_options *options, FILE *out)
{
	const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");
	int fd;

	if (options->colour == REPORT_COLOUR_ALWAYS)
		return true;
	if (options->colour == REPORT_COLOUR_NEVER || (no && *no) ||
	    (terminal && !strcmp(terminal, "dumb")))
		return false;
	if (options->colour == REPORT_COLOUR_TERMINAL)
		return true;
	fd = fileno(out);
	return fd >= 0 && isatty(fd);
}

static struct text_style choose_style(const struct report_options *options, FILE *out)
{
	struct text_style style = is_colourful(options, out) ? colourful : text_style_plain;

	style.width = options->width;
	style.full = options->full;
	style.limited = options->lines && !options->full;
	return style;
}

static void print_counts(const struct report_summary *summary, const struct text_style *style,
			 FILE *out)
{
	char text[64];

	for (unsigned severity = SEVERITIES - 1; severity > SEVERITY_NONE; severity--)
		fprintf(out, "%s%s%s%s", severity == SEVERITIES - 1 ? "" : ", ",
			summary->findings[severity] ? style->severity[severity] : "",
			quantity_of(text, summary->findings[severity], severity_word(severity)),
			summary->findings[severity] ? style->plain : "");
}

static void print_summary(const struct report *report, const struct text_style *style, FILE *out)
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
		fputs("no executor ran a turn: nothing was watched, so no findings does not mean "
		      "no problems\n",
		      out);
		return;
	}
	print_counts(summary, style, out);
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

/* Text that is put together before it is wrapped and printed. */
struct draft {
	FILE *out;
	char *text;
	size_t size;
};

static void draft_begin(struct draft *draft)
{
	draft->out = open_memstream(&draft->text, &draft->size);
	if (!draft->out)
		memory_exhausted();
}

static void draft_print(struct draft *draft, size_t width, FILE *out)
{
	if (fclose(draft->out))
		memory_exhausted();
	text_wrap(draft->text, draft->size, width, out);
	free(draft->text);
}

/* The lines so far. */
static size_t draft_lines(struct draft *draft, size_t width)
{
	fflush(draft->out);
	return text_wrap(draft->text, draft->size, width, NULL);
}

void text_print_finding(const struct report *report, const struct finding *finding, FILE *out)
{
	struct draft draft;

	draft_begin(&draft);
	text_finding_print(report, finding, &text_style_plain, TEXT_WHOLE, 0, draft.out);
	draft_print(&draft, 0, out);
}

void text_print_summary(const struct report *report, FILE *out)
{
	print_summary(report, &text_style_plain, out);
}

/* Which findings are printed, in their order, and how much of them. */
struct plan {
	const struct text_style *style;
	const struct finding **findings;
	size_t count, whole; /* the first are printed whole */
	size_t rows;	     /* in the table; 0: there is none */
	size_t most;	     /* lines of the first one's details; 0: unlimited */
	size_t hidden[PHASES];
};

static void plan_order(struct plan *plan, const struct report *report)
{
	plan->findings = memory_get((report->finding_count + 1) * sizeof *plan->findings);
	for (enum phase phase = PHASE_SERVICE; phase < PHASES; phase++)
		for (size_t i = 0; i < report->finding_count; i++) {
			const struct finding *finding = report->findings[i];

			if (finding->phase != phase)
				continue;
			if (finding->severity < report->options->show)
				plan->hidden[phase]++;
			else
				plan->findings[plan->count++] = finding;
		}
	plan->whole = plan->count;
	if (plan->count >= TABLE_FROM)
		plan->rows = plan->style->limited && plan->count > MAX_TABLE_ROWS ? MAX_TABLE_ROWS
										  : plan->count;
}

static size_t lines_of(const struct report *report, const struct plan *plan, size_t i,
		       enum text_extent extent)
{
	struct draft draft;
	size_t lines;

	draft_begin(&draft);
	text_finding_print(report, plan->findings[i], plan->style, extent, i ? 0 : plan->most,
			   draft.out);
	lines = draft_lines(&draft, plan->style->width);
	fclose(draft.out);
	free(draft.text);
	return lines;
}

/*
 * As many findings whole as fit into `room` lines, from the worst on, and at least one. Others are
 * printed in brief, or only in the table if there is one.
 */
static void plan_extents(struct plan *plan, const struct report *report, size_t room)
{
	size_t used = 0, brief;

	for (size_t i = 0; !plan->rows && i < plan->count; i++)
		used += lines_of(report, plan, i, TEXT_BRIEF);
	brief = plan->count ? lines_of(report, plan, 0, TEXT_BRIEF) : 0;
	plan->most = LEAST_DETAILS;
	if (room > used + brief + LEAST_DETAILS)
		plan->most = room - used - (plan->rows ? brief : 0) - 2;
	for (plan->whole = 0; plan->whole < plan->count; plan->whole++) {
		brief = plan->rows ? 0 : lines_of(report, plan, plan->whole, TEXT_BRIEF);
		used += lines_of(report, plan, plan->whole, TEXT_WHOLE) - brief;
		if (plan->whole && used > room)
			break;
	}
}

static void print_findings(const struct report *report, const struct plan *plan, FILE *out)
{
	static const char *const headings[PHASES] = {
		[PHASE_STARTUP] = "During start-up, before anything was accepted",
		[PHASE_SHUTDOWN] = "During shutdown, after the program was asked to end",
	};
	size_t end = plan->rows ? plan->whole : plan->count, i = 0;
	char text[64];

	for (enum phase phase = PHASE_SERVICE; phase < PHASES; phase++) {
		bool begun = false;

		for (; i < end && plan->findings[i]->phase == phase; i++) {
			if (headings[phase] && !begun)
				fprintf(out, "%s:\n\n", headings[phase]);
			begun = true;
			text_finding_print(report, plan->findings[i], plan->style,
					   i < plan->whole ? TEXT_WHOLE : TEXT_BRIEF,
					   i ? 0 : plan->most, out);
		}
		if (headings[phase] && plan->hidden[phase] && !begun)
			fprintf(out, "%s: %s, not shown: --show=notice\n\n", headings[phase],
				quantity_of(text, plan->hidden[phase], "notice"));
	}
}

/* What is not shown, and the option that shows it. */
static void print_left_out(const struct report *report, const struct plan *plan, FILE *out)
{
	size_t left = plan->count - plan->whole, beyond = report->summary.beyond_top;

	if (beyond)
		fprintf(out, "%zu more finding%s not shown: --top=%zu\n\n", beyond,
			beyond == 1 ? " is" : "s are", report->options->top);
	else if (left && plan->rows)
		fprintf(out, "%zu more finding%s%s: --full shows %s\n\n", left,
			left == 1 ? "" : "s", plan->rows < plan->count ? "" : " in the table above",
			left == 1 ? "it with its stack" : "all with their stacks");
	else if (left)
		fprintf(out, "The last %s shown without %s: --full shows all\n\n",
			left == 1 ? "finding is" : "findings are",
			left == 1 ? "its stack" : "their stacks");
}

int format_text(const struct report *report, FILE *out)
{
	const struct text_style style = choose_style(report->options, out);
	struct plan plan = { .style = &style };
	struct draft head, tail;
	size_t used, lines = report->options->lines;

	report->session->from_top = true;
	plan_order(&plan, report);
	draft_begin(&head);
	draft_begin(&tail);
	if (plan.rows)
		text_table_print(report, plan.findings, plan.rows, &style, head.out);
	text_processes_print(report, &style, tail.out);
	text_left_out_print(report, tail.out);
	print_summary(report, &style, tail.out);
	if (style.limited) {
		used = draft_lines(&head, style.width) + draft_lines(&tail, style.width) + 2;
		plan_extents(&plan, report, lines > used ? lines - used : 0);
	}
	print_findings(report, &plan, head.out);
	print_left_out(report, &plan, head.out);
	draft_print(&head, style.width, out);
	draft_print(&tail, style.width, out);
	free(plan.findings);
	report->session->from_top = false;
	return 0;
}
