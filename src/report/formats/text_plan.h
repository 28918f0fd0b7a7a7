/* What of a text report fits on a screen. */
#ifndef REPORT_TEXT_PLAN_H
#define REPORT_TEXT_PLAN_H

#include <stddef.h>

#include "report/model/finding.h"

struct report;
struct text_style;

/* Which findings are printed, in their order, and how much of each. */
struct text_plan {
	const struct text_style *style;
	const struct finding **findings; /* freed by the caller */
	size_t count, whole;		 /* the first are printed whole */
	size_t rows;			 /* in the table; 0: there is none */
	size_t most;			 /* lines of the first one's details; 0: unlimited */
	size_t hidden[PHASES];
};

/*
 * From six findings on, a table comes first. In a report that is limited to a number of lines, as
 * many findings are whole as fit beside the `tail` lines at its end: the worst first, and at least
 * one. The others are printed in brief, or only in the table if there is one.
 */
void text_plan_make(struct text_plan *plan, const struct report *report,
		    const struct text_style *style, size_t tail);

#endif
