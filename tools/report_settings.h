/* What every command that ends in a report lets its user say about it. */
#ifndef TOOLS_REPORT_SETTINGS_H
#define TOOLS_REPORT_SETTINGS_H

#include <stdio.h>

#include "command_line.h"
#include "report/report.h"

struct report_settings {
	const char *path; /* where the report goes; NULL: where the command's reports go */
	int exit_code;	  /* that means "findings" */
	struct report_options report;
};

#define REPORT_SETTINGS_DEFAULT                                                                    \
	{                                                                                          \
		.exit_code = STATUS_FINDINGS, .report = REPORT_OPTIONS_DEFAULT                     \
	}

/* The options of all those commands: a group of a command line. Its target is a struct
 * report_settings. */
extern const struct command_option report_settings_options[];
extern const size_t report_settings_option_count;

#define REPORT_SETTINGS_GROUP(target)                                                              \
	{                                                                                          \
		report_settings_options, report_settings_option_count, target                      \
	}

/* Which option names the file is each command's own matter: this is its take(). */
const char *report_settings_take_path(void *target, const char *value);

/* The named file, emptied, or `otherwise`. Prints why not and returns NULL. */
FILE *report_settings_open(const struct report_settings *settings, FILE *otherwise);

/* After the report was written with `error`, 0 or -errno: closes what was opened, and prints what
 * went wrong. Returns 0 or -errno. */
int report_settings_close(const struct report_settings *settings, FILE *out, int error);

#endif
