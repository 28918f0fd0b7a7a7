#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "command_line.h"
#include "report_settings.h"

static const struct command_option options[] = {
	{ "output", 'o', "FILE", "write the report to FILE; -o FILE is the same",
	  report_settings_take_path },
};

static int parse(struct report_settings *settings, int argc, char **argv)
{
	const struct command_line line = {
		.command = "report",
		.arguments = "[OPTION...] TRACE-OR-DIRECTORY...",
		.help = "Reports on traces: of ended, killed or still running programs. A "
			"directory "
			"stands for all\n*" TRACE_SUFFIX
			" files in it. The exit status is 0, 66 when there are findings, or 2.\n",
		.question = "on what?",
		.groups = { OPTION_GROUP(options, settings), REPORT_SETTINGS_GROUP(settings) },
		.has_formats = true,
	};

	int status = command_line_parse(&line, argc, argv);

	return status == -1 ? report_settings_finish(settings) : status;
}

int command_report(int argc, char **argv)
{
	struct report_settings settings = REPORT_SETTINGS_DEFAULT;
	struct report_summary summary;
	int status = parse(&settings, argc, argv), error;
	FILE *out;

	if (status >= 0)
		return status;
	out = report_settings_open(&settings, stdout);
	if (!out)
		return STATUS_WRONG_USE;
	error = report_make(&settings.report, argv + optind, (size_t)(argc - optind), out,
			    &summary);
	if (report_settings_close(&settings, out, error))
		return STATUS_WRONG_USE;
	if (!summary.processes && !summary.unreadable) {
		fprintf(stderr,
			"yieldsan: there is no trace (*" TRACE_SUFFIX ") in %s: did the "
			"program run watched, and did an executor run in it?\n",
			argv[optind]);
		return STATUS_WRONG_USE;
	}
	if (summary.unreadable) /* a report on less than was asked for is no success */
		return STATUS_WRONG_USE;
	return report_settings_status(&settings, &summary);
}
