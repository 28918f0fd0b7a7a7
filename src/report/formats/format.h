/* The formats of a report. */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stdio.h>

struct report;

/*
 * FORMAT(file, name, draws turns): a line and a file for each: format_FILE(), in FILE.c. The first
 * is the default. For a format that draws single turns, `run` keeps their times (option timeline).
 */
/* clang-format off */
#define REPORT_FORMATS(FORMAT)                                                                     \
	FORMAT(text,     "text",        false)                                                     \
	FORMAT(json,     "json",        false)                                                     \
	FORMAT(ndjson,   "ndjson",      false)                                                     \
	FORMAT(sarif,    "sarif",       false)                                                     \
	FORMAT(junit,    "junit",       false)                                                     \
	FORMAT(github,   "github",      false)                                                     \
	FORMAT(html,     "html",        true)                                                      \
	FORMAT(pprof,    "pprof",       false)                                                     \
	FORMAT(perfetto, "perfetto",    true)                                                      \
	FORMAT(perfetto, "trace-event", true)                                                      \
	FORMAT(folded,   "folded",      false)
/* clang-format on */

/* Returns 0 or -errno; the caller checks the stream for errors. */
#define FORMAT(file, name, turns) int format_##file(const struct report *report, FILE *out);
REPORT_FORMATS(FORMAT)
#undef FORMAT

#endif
