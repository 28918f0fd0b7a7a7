#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "nearest.h"
#include "report/report.h"
#include "report/words.h"

enum { OUTPUT = 'o', HELP = 'h', FORMAT = 256, SHOW, FAIL_ON, EXIT_CODE };

static const struct {
	const char *name;
	int key;
	const char *value; /* NULL: takes none */
	const char *help;
} lines[] = {
	{ "output", OUTPUT, "FILE", "write the report to FILE; -o FILE is the same" },
	{ "format", FORMAT, "FORMAT", "of the report; text without it" },
	{ "show", SHOW, "LEVEL", "lowest severity shown: error, warning (default), notice" },
	{ "fail-on", FAIL_ON, "LEVEL",
	  "lowest severity that fails: error (default), warning, notice, never" },
	{ "exit-code", EXIT_CODE, "N", "status that means `findings': 66 without it" },
	{ "help", HELP, NULL, "this list" },
};

#define LINES (sizeof lines / sizeof *lines)

struct report_command {
	const char *output;
	int exit_code;
	struct report_options report;
};

static void print_help(void)
{
	char left[64];

	printf("Usage: yieldsan report [OPTION...] TRACE-OR-DIRECTORY...\n"
	       "Reports on traces: of ended, killed or still running programs. A directory stands "
	       "for all\n"
	       "*" TRACE_SUFFIX
	       " files in it. The exit status is 0, 66 when there are findings, or "
	       "2.\n\n");
	for (size_t i = 0; i < LINES; i++) {
		snprintf(left, sizeof left, "--%s%s%s", lines[i].name, lines[i].value ? "=" : "",
			 lines[i].value ? lines[i].value : "");
		printf("  %-20s %s\n", left, lines[i].help);
	}
	printf("\nFormats: %s\n", report_format_names());
}

static int wrong_value(const char *option, const char *value, const char *wanted)
{
	fprintf(stderr, "yieldsan: report: --%s=%s: it must be %s\n", option, value, wanted);
	return STATUS_WRONG_USE;
}

static int take_exit_code(struct report_command *command, const char *value)
{
	char *end;
	unsigned long code = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || code > 255)
		return wrong_value("exit-code", value, "a number from 0 to 255");
	command->exit_code = (int)code;
	return -1;
}

/* Returns -1 to go on, or the exit status. */
static int take(struct report_command *command, int key, const char *value)
{
	switch (key) {
	case OUTPUT:
		command->output = value;
		return *value ? -1 : wrong_value("output", value, "the name of a file");
	case FORMAT:
		command->report.format = value;
		return report_format_is_known(value)
			       ? -1
			       : wrong_value("format", value, report_format_names());
	case SHOW:
		return severity_from_word(value, &command->report.show)
			       ? wrong_value("show", value, "error, warning or notice")
			       : -1;
	case FAIL_ON:
		if (!strcmp(value, "never"))
			command->report.fail_on = SEVERITIES;
		else if (severity_from_word(value, &command->report.fail_on))
			return wrong_value("fail-on", value, "error, warning, notice or never");
		return -1;
	case EXIT_CODE:
		return take_exit_code(command, value);
	default:
		print_help();
		return 0;
	}
}

/* `argument` as it was given: "--fromat=x", "-x", or a known one without its value. */
static int unknown_option(const char *argument)
{
	struct nearest nearest;
	size_t length;

	argument += strspn(argument, "-");
	length = strcspn(argument, "=");
	nearest_init(&nearest, argument, length);
	for (size_t i = 0; i < LINES; i++) {
		if (strlen(lines[i].name) == length && !memcmp(lines[i].name, argument, length)) {
			fprintf(stderr, "yieldsan: report: --%s %s\n", lines[i].name,
				lines[i].value ? "needs a value" : "takes no value");
			return STATUS_WRONG_USE;
		}
		nearest_offer(&nearest, lines[i].name);
	}
	fprintf(stderr, "yieldsan: report: there is no option `%.*s'; ", (int)length, argument);
	if (nearest.name && length > 1)
		fprintf(stderr, "did you mean `--%s'?\n", nearest.name);
	else
		fprintf(stderr, "`yieldsan help report' lists them\n");
	return STATUS_WRONG_USE;
}

static int parse(struct report_command *command, int argc, char **argv)
{
	struct option long_options[LINES + 1] = { 0 };
	int key, status;

	for (size_t i = 0; i < LINES; i++)
		long_options[i] = (struct option){ lines[i].name,
						   lines[i].value ? required_argument : no_argument,
						   NULL, lines[i].key };
	opterr = 0;
	while ((key = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
		status = key == '?' ? unknown_option(argv[optind - 1])
				    : take(command, key, optarg ? optarg : "");
		if (status != -1)
			return status;
	}
	if (optind < argc)
		return -1;
	fprintf(stderr, "yieldsan: report: on what? yieldsan report [OPTION...] "
			"TRACE-OR-DIRECTORY...\n");
	return STATUS_WRONG_USE;
}

static int write_report(const struct report_command *command, char **paths, size_t count,
			struct report_summary *summary)
{
	FILE *out = command->output ? fopen(command->output, "we") : stdout;
	int error;

	if (!out) {
		fprintf(stderr, "yieldsan: the report cannot be written to %s: %s\n",
			command->output, strerror(errno));
		return -1;
	}
	error = report_make(&command->report, paths, count, out, summary);
	if (out != stdout && fclose(out) && !error)
		error = -errno;
	if (!error)
		return 0;
	fprintf(stderr, "yieldsan: the report could not be written%s%s: %s\n",
		command->output ? " to " : "", command->output ? command->output : "",
		strerror(-error));
	return -1;
}

int command_report(int argc, char **argv)
{
	struct report_command command = { .exit_code = STATUS_FINDINGS,
					  .report = REPORT_OPTIONS_DEFAULT };
	struct report_summary summary;
	int status = parse(&command, argc, argv);

	if (status >= 0)
		return status;
	if (write_report(&command, argv + optind, (size_t)(argc - optind), &summary))
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
	return summary.failed ? command.exit_code : 0;
}
