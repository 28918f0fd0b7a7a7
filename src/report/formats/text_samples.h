/* What a long turn was seen doing, as a tree: callers above what they call, with shares of the
 * time. */
#ifndef REPORT_TEXT_SAMPLES_H
#define REPORT_TEXT_SAMPLES_H

#include <stdio.h>

#include "report/model/finding.h"

struct report;

/* Nothing where there is nothing to compare: of one place alone. */
void text_samples_print(const struct report *report, const struct finding *finding, FILE *out);

#endif
