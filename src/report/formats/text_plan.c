#include "text_plan.h"

#include <string.h>

#include "report/model/model.h"
#include "text_finding.h"
#include "text_layout.h"
#include "text_style.h"

#define TABLE_FROM     6  /* findings */
#define MAX_TABLE_ROWS 15 /* in a limited report */
#define LEAST_ROWS     3
#define LEAST_DETAILS  4  /* lines of the first finding besides what is printed in brief */
#define FIRST_WHOLE    18 /* lines for which a long table leaves room */
#define HEAD_OF_TABLE  2  /* and the empty line behind it */
#define LEFT_OUT       2  /* the lines that say what is left out */

static void plan_order(struct text_plan *plan, const struct report *report)
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
}

static size_t lines_of(const struct report *report, const struct text_plan *plan, size_t i,
		       enum text_extent extent)
{
	struct text_draft draft;
	size_t lines;

	text_draft_begin(&draft);
	text_finding_print(report, plan->findings[i], plan->style, extent, i ? 0 : plan->most,
			   draft.out);
	lines = text_draft_lines(&draft, plan->style->width);
	text_draft_print(&draft, 0, NULL);
	return lines;
}

/* A line and an empty one for each phase besides the service. */
static size_t lines_of_headings(const struct text_plan *plan)
{
	bool has[PHASES] = { false };
	size_t lines = 0;

	for (size_t i = 0; i < plan->count; i++)
		has[plan->findings[i]->phase] = true;
	for (enum phase phase = PHASE_SERVICE + 1; phase < PHASES; phase++)
		lines += has[phase] || plan->hidden[phase] ? 2 : 0;
	return lines;
}

static size_t size_less(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Those of all findings in brief; where they are too many, a table takes less. */
static size_t lines_in_brief(struct text_plan *plan, const struct report *report, size_t room)
{
	size_t lines = 0;

	if (plan->count < TABLE_FROM)
		for (size_t i = 0; i < plan->count; i++)
			lines += lines_of(report, plan, i, TEXT_BRIEF);
	if (plan->count >= TABLE_FROM || (plan->count > 1 && lines + LEAST_DETAILS > room))
		plan->rows = plan->count;
	return lines;
}

static void fit_table(struct text_plan *plan, const struct report *report, size_t room)
{
	size_t first =
		size_less(lines_of(report, plan, 0, TEXT_WHOLE), FIRST_WHOLE) + HEAD_OF_TABLE;
	size_t rows = room > first + LEAST_ROWS ? room - first : LEAST_ROWS;

	plan->rows = size_less(size_less(plan->rows, MAX_TABLE_ROWS), rows);
}

static void plan_fit(struct text_plan *plan, const struct report *report, size_t room)
{
	size_t used = lines_in_brief(plan, report, room), brief, first;

	if (plan->rows) {
		fit_table(plan, report, room);
		used = plan->rows + HEAD_OF_TABLE;
	}
	first = lines_of(report, plan, 0, TEXT_BRIEF);
	brief = used + (plan->rows ? first : 0) + 2; /* its id, and what is left out */
	plan->most = room > brief + LEAST_DETAILS ? room - brief : LEAST_DETAILS;
	for (plan->whole = 0; plan->whole < plan->count; plan->whole++) {
		brief = plan->rows ? 0 : lines_of(report, plan, plan->whole, TEXT_BRIEF);
		used += lines_of(report, plan, plan->whole, TEXT_WHOLE) - brief;
		if (plan->whole && used > room)
			break;
	}
}

void text_plan_make(struct text_plan *plan, const struct report *report,
		    const struct text_style *style, size_t tail)
{
	size_t lines = report->options->lines;

	memset(plan, 0, sizeof *plan);
	plan->style = style;
	plan_order(plan, report);
	tail += LEFT_OUT + lines_of_headings(plan);
	if (style->limited && plan->count)
		plan_fit(plan, report, lines > tail ? lines - tail : 0);
	else if (plan->count >= TABLE_FROM)
		plan->rows = plan->count;
}
