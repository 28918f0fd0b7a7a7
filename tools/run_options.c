#include "run_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "nearest.h"
#include "options_text.h"
#include "report/words.h"

enum {
	OUTPUT = 'o',
	HELP = 'h',
	FORMAT = 256,
	REPORT,
	REQUIRE_EXECUTOR,
	SHOW,
	FAIL_ON,
	EXIT_CODE,
	SET
};

static const struct {
	const char *name;
	int key;
	const char *value; /* NULL: takes none */
	const char *help;
} lines[] = {
	{ "output", OUTPUT, "DIR", "keep the traces in DIR; -o DIR is the same" },
	{ "format", FORMAT, "FORMAT", "of the report; text without it" },
	{ "report", REPORT, "FILE", "write the report to FILE; to standard error without it" },
	{ "require-executor", REQUIRE_EXECUTOR, NULL, "fail when no process showed a turn" },
	{ "show", SHOW, "LEVEL", "lowest severity shown: error, warning (default), notice" },
	{ "fail-on", FAIL_ON, "LEVEL",
	  "lowest severity that fails: error (default), warning, notice, never" },
	{ "exit-code", EXIT_CODE, "N", "status that means `findings': 66 without it" },
	{ "set", SET, "KEY=VALUE", "an option of the runtime; `yieldsan help options' lists them" },
	{ "help", HELP, NULL, "this list" },
};

#define LINES (sizeof lines / sizeof *lines)

static void print_help(void)
{
	char left[64];

	printf("Usage: yieldsan run [OPTION...] [--] COMMAND [ARG...]\n"
	       "Runs a program watched, and reports when it has ended. The exit status is the "
	       "program's\n"
	       "own; if that is 0, 66 when there are findings.\n\n");
	for (size_t i = 0; i < LINES; i++) {
		snprintf(left, sizeof left, "--%s%s%s", lines[i].name, lines[i].value ? "=" : "",
			 lines[i].value ? lines[i].value : "");
		printf("  %-20s %s\n", left, lines[i].help);
	}
	printf("\nFormats: %s\n", report_format_names());
}

static int wrong_value(const char *option, const char *value, const char *wanted)
{
	fprintf(stderr, "yieldsan: run: --%s=%s: it must be %s\n", option, value, wanted);
	return STATUS_WRONG_USE;
}

static int take_set(struct run_options *options, const char *entry)
{
	struct option_error error = options_set(&options->runtime, entry);

	if (!error.fault)
		return -1;
	option_error_print(&error, "--set");
	return STATUS_WRONG_USE;
}

static int take_exit_code(struct run_options *options, const char *value)
{
	char *end;
	unsigned long code = strtoul(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || code > 255)
		return wrong_value("exit-code", value, "a number from 0 to 255");
	options->exit_code = (int)code;
	return -1;
}

static int take(struct run_options *options, int key, const char *value)
{
	switch (key) {
	case OUTPUT:
		options->output = value;
		return *value ? -1 : wrong_value("output", value, "the name of a directory");
	case FORMAT:
		options->report.format = value;
		return report_format_is_known(value)
			       ? -1
			       : wrong_value("format", value, report_format_names());
	case REPORT:
		options->report_path = value;
		return -1;
	case REQUIRE_EXECUTOR:
		options->require_executor = true;
		return -1;
	case SHOW:
		return severity_from_word(value, &options->report.show)
			       ? wrong_value("show", value, "error, warning or notice")
			       : -1;
	case FAIL_ON:
		if (!strcmp(value, "never"))
			options->report.fail_on = SEVERITIES;
		else if (severity_from_word(value, &options->report.fail_on))
			return wrong_value("fail-on", value, "error, warning, notice or never");
		return -1;
	case EXIT_CODE:
		return take_exit_code(options, value);
	case SET:
		return take_set(options, value);
	default:
		print_help();
		return 0;
	}
}

/* `argument` as it was given: "--reprot=x", "-x". */
static int unknown_option(const char *argument)
{
	struct nearest nearest;
	size_t length;

	argument += strspn(argument, "-");
	length = strcspn(argument, "=");
	nearest_init(&nearest, argument, length);
	for (size_t i = 0; i < LINES; i++) {
		if (strlen(lines[i].name) == length && !memcmp(lines[i].name, argument, length)) {
			if (lines[i].value)
				fprintf(stderr, "yieldsan: run: --%s needs a value: --%s=%s\n",
					lines[i].name, lines[i].name, lines[i].value);
			else
				fprintf(stderr, "yieldsan: run: --%s takes no value\n",
					lines[i].name);
			return STATUS_WRONG_USE;
		}
		nearest_offer(&nearest, lines[i].name);
	}
	fprintf(stderr, "yieldsan: run: there is no option `%.*s'; ", (int)length, argument);
	if (nearest.name && length > 1)
		fprintf(stderr, "did you mean `--%s'?\n", nearest.name);
	else
		fprintf(stderr, "`yieldsan help run' lists them\n");
	return STATUS_WRONG_USE;
}

/* The caller's own settings count too; what is wrong in them is told, and ignored as the runtime
 * does. */
static void take_environment(struct run_options *options)
{
	struct option_error error = options_parse(&options->runtime, getenv(OPTIONS_VARIABLE));

	if (error.fault)
		option_error_print(&error, OPTIONS_VARIABLE);
	/* From a `yieldsan run' around this one: its traces are its own. */
	if (*options->runtime.run)
		*options->runtime.output = '\0';
}

int run_options_parse(struct run_options *options, int argc, char **argv)
{
	struct option long_options[LINES + 1] = { 0 };
	int key, status;

	memset(options, 0, sizeof *options);
	options->exit_code = STATUS_FINDINGS;
	options->report = (struct report_options)REPORT_OPTIONS_DEFAULT;
	take_environment(options);
	for (size_t i = 0; i < LINES; i++)
		long_options[i] = (struct option){ lines[i].name,
						   lines[i].value ? required_argument : no_argument,
						   NULL, lines[i].key };
	opterr = 0;
	/* "+": what stands behind the program's name is the program's. */
	while ((key = getopt_long(argc, argv, "+o:h", long_options, NULL)) != -1) {
		status = key == '?' ? unknown_option(argv[optind - 1])
				    : take(options, key, optarg ? optarg : "");
		if (status != -1)
			return status;
	}
	options->command = argv + optind;
	if (optind < argc)
		return -1;
	fprintf(stderr,
		"yieldsan: run: which program? yieldsan run [OPTION...] [--] COMMAND [ARG...]\n");
	return STATUS_WRONG_USE;
}
