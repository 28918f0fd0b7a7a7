/* What changed from one report to another: new, gone, worse, better. */
#ifndef REPORT_COMPARISON_H
#define REPORT_COMPARISON_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "report.h"

#define COMPARISON_SENTENCE_SIZE (PATH_MAX + 256)

/*
 * Findings are the same if their ids are equal. Worse: a higher severity, or twice the total time
 * and at least one millisecond more; better: the reverse. Smaller differences are noise.
 */
enum change { CHANGE_NEW, CHANGE_WORSE, CHANGE_BETTER, CHANGE_GONE, CHANGE_NONE, CHANGES };

struct comparison_summary {
	size_t findings[CHANGES];
	bool failed; /* a new finding, or a more severe one, reached fail_on */
};

/*
 * Compares two inputs: a trace, a directory of traces, or a report written by --format=json. Writes
 * text or, if options->format says so, JSON. Returns 0; -EINVAL with the reason in `sentence`,
 * which is empty if the error was already reported; or the -errno of writing.
 */
int report_compare(const struct report_options *options, char *before, char *after, FILE *out,
		   struct comparison_summary *summary, char sentence[COMPARISON_SENTENCE_SIZE]);

#endif
