/* Parts of the text format that other formats print too, without colours. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdio.h>

struct finding;
struct report;

/* The whole finding, followed by an empty line. */
void text_print_finding(const struct report *report, const struct finding *finding, FILE *out);

/* One line. */
void text_print_summary(const struct report *report, FILE *out);

#endif
