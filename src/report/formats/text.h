/* Parts of the text format that others print too, without colours. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdio.h>

struct finding;
struct report;

/* Whole, with an empty line behind it. */
void text_print_finding(const struct report *report, const struct finding *finding, FILE *out);

/* One line. */
void text_print_summary(const struct report *report, FILE *out);

#endif
