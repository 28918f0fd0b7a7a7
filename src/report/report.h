/* From traces to a report: the door of this room. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report/model/report_options.h"

/*
 * Reports on traces and on directories of traces. What cannot be read is told on options->errors,
 * one line each, and counted; all else is reported. A directory without traces is no error.
 *
 * Returns 0, -EINVAL for a format that is not known, or the -errno of writing to `out`. Summary is
 * filled in any case.
 */
int report_make(const struct report_options *options, char **paths, size_t count, FILE *out,
		struct report_summary *summary);

struct scan_options;

/* The same of ELF files, without a run: what lives across their awaits. See scan.h. */
int report_scan(const struct report_options *options, const struct scan_options *scan, char **paths,
		size_t count, FILE *out, struct report_summary *summary);

bool report_format_is_known(const char *name);

/* Whether it shows single turns, which a trace has by the option `timeline`. */
bool report_format_draws_turns(const char *name);

/* "text, json, ..." for usage texts and errors. */
const char *report_format_names(void);

#endif
