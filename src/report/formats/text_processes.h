/* What was watched, in the text report: shows whether a report without findings can be trusted. */
#ifndef REPORT_TEXT_PROCESSES_H
#define REPORT_TEXT_PROCESSES_H

#include <stdio.h>

struct report;
struct text_style;

void text_processes_print(const struct report *report, const struct text_style *style, FILE *out);

#endif
