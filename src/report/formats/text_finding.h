/* One finding in a text report. */
#ifndef REPORT_TEXT_FINDING_H
#define REPORT_TEXT_FINDING_H

#include <stdio.h>

struct finding;
struct report;
struct text_style;

enum text_extent {
	TEXT_WHOLE,
	TEXT_BRIEF, /* what, where, how long, the line of the source, and the advice */
};

/* Followed by an empty line. At most `most` lines between the line of the source and the advice; 0:
 * unlimited. Lines are yet to be wrapped: see text_layout.h. */
void text_finding_print(const struct report *report, const struct finding *finding,
			const struct text_style *style, enum text_extent extent, size_t most,
			FILE *out);

#endif
