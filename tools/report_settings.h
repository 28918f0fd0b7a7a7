/* Options shared by all commands that end in a report. */
#ifndef TOOLS_REPORT_SETTINGS_H
#define TOOLS_REPORT_SETTINGS_H

#include <stdio.h>

#include "command_line.h"
#include "project_config.h"
#include "report/filters/baseline.h"
#include "report/report.h"
#include "report/filters/suppressions.h"

struct report_settings {
	const char *path;		/* output file; NULL: the command's default */
	int exit_code;			/* exit status if there are findings */
	bool no_pager;			/* not even for a text longer than the screen */
	bool unlimited;			/* in a log that is read later: all findings whole */
	bool show_given, fail_on_given; /* on the command line */
	const char *config_name;	/* of the project's settings; NULL: to be found */
	struct project_config config;
	struct suppressions suppressions;
	struct baseline baseline;
	struct report_options report;
};

#define REPORT_SETTINGS_DEFAULT                                                                    \
	{                                                                                          \
		.exit_code = STATUS_FINDINGS, .report = REPORT_OPTIONS_DEFAULT                     \
	}

/* The options of these commands: a group of a command line. Its target is
 * a struct report_settings. */
extern const struct command_option report_settings_options[];
extern const size_t report_settings_option_count;

#define REPORT_SETTINGS_GROUP(target)                                                              \
	{                                                                                          \
		report_settings_options, report_settings_option_count, target                      \
	}

/* The take() for the output file: each command names that option itself. */
const char *report_settings_take_path(void *target, const char *value);

/* The take() of options for a command that has only some of them. */
const char *report_settings_take_strip_prefix(void *target, const char *value);
const char *report_settings_take_source_root(void *target, const char *value);
const char *report_settings_take_no_pager(void *target, const char *value);

/*
 * Call after parsing: reads the project's settings, for what the command line does not give, and
 * searches for the default suppressions file if none was given. Returns -1 to
 * continue, or the exit status if the file is wrong, with the error already printed.
 */
int report_settings_finish(struct report_settings *settings);

/* The exit status for a report: 0, that for findings, or STATUS_WRONG_USE. Prints on standard error
 * what fails other than findings. */
int report_settings_status(const struct report_settings *settings,
			   const struct report_summary *summary);

/* The given file, truncated, or `otherwise`. Prints the reason and returns NULL if it cannot be
 * opened. */
FILE *report_settings_open(const struct report_settings *settings, FILE *otherwise);

/* Call after the report was written with `error`, 0 or -errno: closes what was opened, and prints
 * errors. Returns 0 or -errno. */
int report_settings_close(const struct report_settings *settings, FILE *out, int error);

#endif
