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
 * Findings are the same when their ids are. Worse: of a higher severity, or twice the time in all,
 * by a millisecond at least; better: the other way round. Less is a matter of chance.
 */
enum change { CHANGE_NEW, CHANGE_WORSE, CHANGE_BETTER, CHANGE_GONE, CHANGE_NONE, CHANGES };

struct comparison_summary {
	size_t findings[CHANGES];
	bool failed; /* a new finding, or a more severe one, reached fail_on */
};

/*
 * Compares two of: a trace, a directory of traces, a report as --format=json wrote it. Writes text
 * or, where options->format says so, JSON. Returns 0, -EINVAL with what is wrong in `sentence`,
 * which is empty when it was told, or the -errno of writing.
 */
int report_compare(const struct report_options *options, char *before, char *after, FILE *out,
		   struct comparison_summary *summary, char sentence[COMPARISON_SENTENCE_SIZE]);

#endif
