/* The samples of a long turn as a tree: callers above callees, with shares of the time. */
#ifndef REPORT_TEXT_SAMPLES_H
#define REPORT_TEXT_SAMPLES_H

#include <stdio.h>

#include "report/model/finding.h"

struct report;

/* Prints nothing if all samples are at one place. */
void text_samples_print(const struct report *report, const struct finding *finding, FILE *out);

#endif
