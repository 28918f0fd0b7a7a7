/* From traces to a report: the public interface of this room. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "report/model/report_options.h"

/*
 * Reports on traces and directories of traces. Prints one line on options->errors for each input
 * that it cannot read, counts it, and reports the others. A directory without traces is no error.
 *
 * Returns 0, -EINVAL for an unknown format, or the -errno of writing to `out`. Always fills the
 * summary.
 */
int report_make(const struct report_options *options, char **paths, size_t count, FILE *out,
		struct report_summary *summary);

struct report;
struct session;

/*
 * For a view that is drawn again and again: reads traces into `report`, whose session and options
 * the caller has set; the rest is zero. The session keeps names and lines for the next report; end
 * it by report_session_deinit().
 */
void report_read(struct report *report, char **paths, size_t count);
void report_free(struct report *report);
void report_session_deinit(struct session *session);

struct scan_options;

/* Likewise for ELF files, without a run: reports what lives across their awaits. See scan.h. */
int report_scan(const struct report_options *options, const struct scan_options *scan, char **paths,
		size_t count, FILE *out, struct report_summary *summary);

bool report_format_is_known(const char *name);

/* Whether the format draws single turns, which a trace has only with the option `timeline`. */
bool report_format_draws_turns(const char *name);

/* "text, json, ..." for usage texts and errors. */
const char *report_format_names(void);

#endif
