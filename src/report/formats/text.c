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
#include "text_plan.h"
#include "text_processes.h"
#include "text_style.h"
#include "text_table.h"

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

static bool has_findings(const struct report_summary *summary)
{
	for (unsigned severity = SEVERITY_WARNING; severity < SEVERITIES; severity++)
		if (summary->findings[severity])
			return true;
	return false;
}

static void text_print_totals(const struct report *report, const struct text_style *style,
			      FILE *out)
{
	const struct report_summary *summary = &report->summary;
	size_t hidden = 0;
	char turns[64], awaiting[64], processes[QUANTITY_SIZE], lost[64];

	for (int severity = SEVERITY_NOTICE; severity < (int)report->options->show; severity++)
		hidden += summary->findings[severity];
	if (!summary->processes && !summary->scanned) /* the caller reports the reason */
		return;
	fputs("yieldsan: ", out);
	if (!summary->executors && summary->foreign) {
		fputs("not started under YieldSan: only tasks are known, and no findings\n", out);
		return;
	}
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
	if (summary->quiet_ns && !has_findings(summary))
		fprintf(out,
			"yieldsan: no task was polled in the last %s: `yieldsan explain' on the "
			"process, or "
			"on "
			"its trace (run -o DIR), shows what they wait for\n",
			quantity_duration(lost, summary->quiet_ns));
}

void text_print_finding(const struct report *report, const struct finding *finding, FILE *out)
{
	struct text_draft draft;

	text_draft_begin(&draft);
	text_finding_print(report, finding, &text_style_plain, TEXT_WHOLE, 0, draft.out);
	text_draft_print(&draft, 0, out);
}

void text_print_summary(const struct report *report, FILE *out)
{
	text_print_totals(report, &text_style_plain, out);
}

static void text_print_findings(const struct report *report, const struct text_plan *plan,
				FILE *out)
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
static void print_left_out(const struct report *report, const struct text_plan *plan, FILE *out)
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
	struct text_plan plan;
	struct text_draft head, tail;

	report->session->from_top = true;
	text_draft_begin(&head);
	text_draft_begin(&tail);
	text_processes_print(report, &style, tail.out);
	text_left_out_print(report, tail.out);
	text_print_totals(report, &style, tail.out);
	text_plan_make(&plan, report, &style, text_draft_lines(&tail, style.width));
	if (plan.rows)
		text_table_print(report, plan.findings, plan.rows, &style, head.out);
	text_print_findings(report, &plan, head.out);
	print_left_out(report, &plan, head.out);
	text_draft_print(&head, style.width, out);
	text_draft_print(&tail, style.width, out);
	free(plan.findings);
	report->session->from_top = false;
	return 0;
}
