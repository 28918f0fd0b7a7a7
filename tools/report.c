#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "command_line.h"
#include "report/comparison.h"
#include "report_settings.h"
#include "screen.h"

struct report_command {
	struct report_settings settings;
	bool compares;
};

static const char *report_take_output(void *target, const char *value)
{
	struct report_command *command = target;

	return report_settings_take_path(&command->settings, value);
}

static const char *take_diff(void *target, const char *value)
{
	struct report_command *command = target;

	(void)value;
	command->compares = true;
	return NULL;
}

static const char *take_tasks(void *target, const char *value)
{
	struct report_command *command = target;

	(void)value;
	command->settings.report.tasks = true;
	return NULL;
}

static const char *take_root_of_core(void *target, const char *value)
{
	struct report_command *command = target;

	command->settings.report.sysroot = value;
	return *value ? NULL : "the directory in which the files of a core's process lie";
}

static const struct command_option options[] = {
	{ "output", 'o', "FILE", "write the report to FILE; -o FILE is the same",
	  report_take_output },
	{ "tasks", 0, NULL,
	  "list the tasks of processes that run or were killed: where each waits, and since when",
	  take_tasks },
	{ "sysroot", 0, "DIR", "for --tasks of a core: the files of its process lie below DIR",
	  take_root_of_core },
	{ "diff", 0, NULL, "of two: what is new, gone, worse and better in the second", take_diff },
};

static int report_parse_options(struct report_command *command, int argc, char **argv)
{
	const struct command_line line = {
		.command = "report",
		.arguments = "[OPTION...] TRACE-OR-DIRECTORY-OR-PID...",
		.help = "Reports on traces: of ended, killed or still running programs. A "
			"directory "
			"stands for all\n*" TRACE_SUFFIX
			" files in it, the number of a running process for its trace. The exit "
			"status is 0, 66 when there are findings, or 2.\n",
		.question = "on what?",
		.groups = { OPTION_GROUP(options, command),
			    REPORT_SETTINGS_GROUP(&command->settings) },
		.has_formats = true,
	};

	int status = command_line_parse(&line, argc, argv);

	return status == -1 ? report_settings_finish(&command->settings) : status;
}

static int report_compare_runs(struct report_settings *settings, char **paths, int count)
{
	const char *format = settings->report.format;
	char sentence[COMPARISON_SENTENCE_SIZE] = "";
	struct comparison_summary summary;
	struct screen screen;
	FILE *out;
	int error;

	if (count != 2) {
		fprintf(stderr, "yieldsan: report: --diff compares two: yieldsan report --diff OLD "
				"NEW, each a trace, a directory of traces, or a report in JSON\n");
		return STATUS_WRONG_USE;
	}
	if (format && strcmp(format, "text") != 0 && strcmp(format, "json") != 0) {
		fprintf(stderr,
			"yieldsan: report: --format=%s: with --diff it must be text or json\n",
			format);
		return STATUS_WRONG_USE;
	}
	out = report_settings_open(settings, stdout);
	if (!out)
		return STATUS_WRONG_USE;
	error = report_compare(&settings->report, paths[0], paths[1],
			       screen_begin(&screen, settings, out), &summary, sentence);
	screen_end(&screen);
	if (*sentence)
		fprintf(stderr, "yieldsan: %s\n", sentence);
	if (report_settings_close(settings, out, error == -EINVAL ? 0 : error) || error)
		return STATUS_WRONG_USE;
	return summary.failed ? settings->exit_code : 0;
}

static int report_traces(struct report_settings *settings, char **paths, int count)
{
	struct report_summary summary;
	struct screen screen;
	FILE *out = report_settings_open(settings, stdout);
	int error, status;

	if (!out)
		return STATUS_WRONG_USE;
	error = report_make(&settings->report, paths, (size_t)count,
			    screen_begin(&screen, settings, out), &summary);
	if (screen_end(&screen) && !error)
		error = -EIO;
	if (report_settings_close(settings, out, error))
		return STATUS_WRONG_USE;
	if (!summary.processes && !summary.unreadable) {
		fprintf(stderr,
			"yieldsan: there is no trace (*" TRACE_SUFFIX ") in %s: did the "
			"program run watched, and did an executor run in it?\n",
			paths[0]);
		return STATUS_WRONG_USE;
	}
	if (summary.unreadable) /* an incomplete report is not a success */
		return STATUS_WRONG_USE;
	status = report_settings_status(settings, &summary);
	/* The missing part may contain an error. */
	if (!status && (summary.incomplete || summary.lost_errors) &&
	    settings->report.fail_on < SEVERITIES)
		return STATUS_WRONG_USE;
	return status;
}

int command_report(int argc, char **argv)
{
	static struct report_command command = { .settings = REPORT_SETTINGS_DEFAULT };
	int status = report_parse_options(&command, argc, argv);

	if (status >= 0)
		return status;
	return (command.compares ? report_compare_runs
				 : report_traces)(&command.settings, argv + optind, argc - optind);
}
