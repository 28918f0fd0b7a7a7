/* What every command that ends in a report lets its user say about it. */
#ifndef TOOLS_REPORT_SETTINGS_H
#define TOOLS_REPORT_SETTINGS_H

#include <stdio.h>

#include "command_line.h"
#include "report/filters/baseline.h"
#include "report/report.h"
#include "report/filters/suppressions.h"

struct report_settings {
	const char *path; /* where the report goes; NULL: where the command's reports go */
	int exit_code;	  /* that means "findings" */
	struct suppressions suppressions;
	struct baseline baseline;
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

/*
 * Once all options are taken: looks for the file of suppressions that nobody named. Returns -1 to
 * go on, or the exit status when it is a wrong one, which was told.
 */
int report_settings_finish(struct report_settings *settings);

/* What a report makes the exit status: 0, that for findings, or STATUS_WRONG_USE. Tells on standard
 * error what fails beside findings. */
int report_settings_status(const struct report_settings *settings,
			   const struct report_summary *summary);

/* The named file, emptied, or `otherwise`. Prints why not and returns NULL. */
FILE *report_settings_open(const struct report_settings *settings, FILE *otherwise);

/* After the report was written with `error`, 0 or -errno: closes what was opened, and prints what
 * went wrong. Returns 0 or -errno. */
int report_settings_close(const struct report_settings *settings, FILE *out, int error);

#endif
