/* All findings of a text report, a line each. */
#ifndef REPORT_TEXT_TABLE_H
#define REPORT_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct finding;
struct report;
struct text_style;

/* Place, what, how often, how long in total, longest: in the given order, followed by an empty
 * line. No line is wider than the terminal. */
void text_table_print(const struct report *report, const struct finding *const *findings,
		      size_t count, const struct text_style *style, FILE *out);

#endif
