/* The formats of a report. */
#ifndef REPORT_FORMAT_H
#define REPORT_FORMAT_H

#include <stdio.h>

struct report;

/* One line and one file for each: format_NAME(), in NAME.c. text is the default. */
#define REPORT_FORMATS(FORMAT)                                                                     \
	FORMAT(text)                                                                               \
	FORMAT(json)                                                                               \
	FORMAT(sarif)                                                                              \
	FORMAT(junit)                                                                              \
	FORMAT(github)

/* Returns 0 or -errno; errors of the stream itself are the caller's to ask. */
#define FORMAT(name) int format_##name(const struct report *report, FILE *out);
REPORT_FORMATS(FORMAT)
#undef FORMAT

#endif
