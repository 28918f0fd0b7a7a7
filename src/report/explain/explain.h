/* `yieldsan explain`: why a process makes no progress. */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

#include "report/model/report_options.h"

#define EXPLAIN_SENTENCE_SIZE 1024

/* The names of the formats, for usage texts: "text, json". */
bool explain_format_is_known(const char *name);

/*
 * `what`: the number of a process that writes a trace, or a trace. The process is not stopped.
 * Returns 0, or -errno with `sentence`. `blocked`: whether a thread is blocked.
 */
int explain(const struct report_options *options, const char *what, FILE *out, bool *blocked,
	    char sentence[EXPLAIN_SENTENCE_SIZE]);

struct hang;
struct report;

/*
 * Reads what the threads and tasks of one process do, in the report's session and memory; replaces
 * the report's processes by this one. Returns 0, or -errno with `sentence` of
 * EXPLAIN_SENTENCE_SIZE.
 */
int explain_read(struct hang *hang, struct report *report, const char *path, char *sentence);

#endif
