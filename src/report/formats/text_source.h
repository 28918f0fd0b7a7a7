/* The line of the source that a finding is about, with a marker below what it calls. */
#ifndef REPORT_TEXT_SOURCE_H
#define REPORT_TEXT_SOURCE_H

#include <stdbool.h>
#include <stdio.h>

struct finding;
struct frame;
struct report;
struct session;
struct text_style;

/* Prints nothing and returns false where there is no such line: the place is not the program's, or
 * its file cannot be read here. */
bool text_source_print(const struct report *report, const struct finding *finding,
		       const struct text_style *style, FILE *out);

/* The line alone, below its frame in a stack. */
void text_source_print_below(struct session *session, const struct frame *frame,
			     const struct text_style *style, FILE *out);

#endif
