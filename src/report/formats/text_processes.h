/* What was watched, in the text report: shows whether a report without findings can be trusted. */
#ifndef REPORT_TEXT_PROCESSES_H
#define REPORT_TEXT_PROCESSES_H

#include <stdio.h>

struct report;

void text_processes_print(const struct report *report, FILE *out);

#endif
