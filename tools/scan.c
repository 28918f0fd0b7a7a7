#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "command_line.h"
#include "support/memory.h"
#include "report/collecting/scan.h"
#include "report_settings.h"
#include "screen.h"

#define LARGE "16384"

struct scan_command {
	struct report_settings settings;
	struct scan_options scan;
	const char **held;
	size_t room;
};

static const char *scan_take_output(void *target, const char *value)
{
	struct scan_command *command = target;

	return report_settings_take_path(&command->settings, value);
}

static const char *take_held(void *target, const char *value)
{
	struct scan_command *command = target;

	command->held = memory_grow(command->held, command->scan.held.count, &command->room,
				    sizeof *command->held);
	command->held[command->scan.held.count++] = value;
	command->scan.held.patterns = command->held;
	return *value ? NULL : "the path of a type: mycrate::Session, mycrate::*Guard";
}

static const char *take_large(void *target, const char *value)
{
	struct scan_command *command = target;
	char *end;

	command->scan.large = strtoull(value, &end, 10);
	return *value >= '1' && *value <= '9' && !*end ? NULL : "a number of bytes, as " LARGE;
}

static const struct command_option options[] = {
	{ "output", 'o', "FILE", "write the report to FILE; -o FILE is the same",
	  scan_take_output },
	{ "held-type", 0, "TYPE", "a type that must not live across an await; may be repeated",
	  take_held },
	{ "large", 0, "BYTES", "report values of at least so many bytes: " LARGE " is a good start",
	  take_large },
};

static int scan_parse_options(struct scan_command *command, int argc, char **argv)
{
	const struct command_line line = {
		.command = "scan",
		.arguments = "[OPTION...] ELF-FILE...",
		.help = "Reports, without running it, what a Rust program holds across its awaits: "
			"guards of locks,\nborrows of RefCells, values that are not Send; and "
			"which "
			"guards C++20 coroutines hold\nacross a co_await. The program needs debug "
			"information (debuginfo=2, -g). The exit status\nis 0, 66 when there are "
			"findings, or 2.\n",
		.question = "which file?",
		.groups = { OPTION_GROUP(options, command),
			    REPORT_SETTINGS_GROUP(&command->settings) },
		.has_formats = true,
	};
	int status = command_line_parse(&line, argc, argv);

	return status == -1 ? report_settings_finish(&command->settings) : status;
}

int command_scan(int argc, char **argv)
{
	static struct scan_command command = { .settings = REPORT_SETTINGS_DEFAULT };
	int status = scan_parse_options(&command, argc, argv), error;
	struct report_summary summary;
	struct screen screen;
	FILE *out;

	if (status >= 0)
		return status;
	out = report_settings_open(&command.settings, stdout);
	if (!out)
		return STATUS_WRONG_USE;
	command.scan.held.matched =
		memory_get((command.scan.held.count + 1) * sizeof *command.scan.held.matched);
	error = report_scan(&command.settings.report, &command.scan, argv + optind,
			    (size_t)(argc - optind), screen_begin(&screen, &command.settings, out),
			    &summary);
	if (screen_end(&screen) && !error)
		error = -EIO;
	for (size_t i = 0; !error && i < command.scan.held.count; i++)
		if (!command.scan.held.matched[i])
			fprintf(stderr,
				"yieldsan: --held-type=%s matches the type of no variable in an "
				"async function\n",
				command.held[i]);
	free(command.scan.held.matched);
	free(command.held);
	if (report_settings_close(&command.settings, out, error) || summary.unreadable)
		return STATUS_WRONG_USE;
	return report_settings_status(&command.settings, &summary);
}
