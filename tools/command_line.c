#include "command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "nearest.h"
#include "report/report.h"

#define OPTIONS	    64 /* of one command, in all groups */
#define HELP	    'h'
#define FIRST_KEY   256
#define HELP_COLUMN 20

static const struct command_option help_option = { "help", HELP, NULL, "this list", NULL };

void (*command_line_visit)(const struct command_line *line);

const struct command_option *command_line_option(const struct command_line *line, size_t n,
						 void **target)
{
	for (size_t i = 0; i < OPTION_GROUPS; i++) {
		const struct option_group *group = &line->groups[i];

		if (n < group->count) {
			*target = group->target;
			return &group->options[n];
		}
		n -= group->count;
	}
	*target = NULL;
	return n ? NULL : &help_option;
}

/* "[URL]" is shown as --otlp[=URL]. */
static void command_line_print_option(const struct command_option *option)
{
	const char *value = option->value ? option->value : "";
	bool may_lack = *value == '[';
	char left[64];
	int length = snprintf(left, sizeof left, "--%s%s%s%s", option->name, may_lack ? "[" : "",
			      *value ? "=" : "", value + may_lack);

	if (length > HELP_COLUMN)
		printf("  %s\n  %*s %s\n", left, HELP_COLUMN, "", option->help);
	else
		printf("  %-*s %s\n", HELP_COLUMN, left, option->help);
}

static void command_line_print_help(const struct command_line *line)
{
	const struct command_option *option;
	void *target;

	printf("Usage: yieldsan %s %s\n%s\n", line->command, line->arguments, line->help);
	for (size_t i = 0; (option = command_line_option(line, i, &target)); i++)
		command_line_print_option(option);
	if (line->has_formats)
		printf("\nFormats: %s\n", report_format_names());
}

/* `argument` as the user wrote it: "--fromat=x", "-x", or a known one without its value. */
static int wrong_option(const struct command_line *line, const char *argument)
{
	size_t dashes = strspn(argument, "-"), length = strcspn(argument + dashes, "=");
	const char *name = argument + dashes;
	const struct command_option *option;
	struct nearest nearest;
	void *target;

	nearest_init(&nearest, name, length);
	for (size_t i = 0; (option = command_line_option(line, i, &target)); i++) {
		nearest_offer(&nearest, option->name);
		if (dashes == 1 ? option->letter != *name
				: strlen(option->name) != length ||
					  memcmp(option->name, name, length) != 0)
			continue;
		if (option->value)
			fprintf(stderr, "yieldsan: %s: --%s needs a value: --%s=%s\n",
				line->command, option->name, option->name, option->value);
		else
			fprintf(stderr, "yieldsan: %s: --%s takes no value\n", line->command,
				option->name);
		return STATUS_WRONG_USE;
	}
	fprintf(stderr, "yieldsan: %s: there is no option `%.*s'; ", line->command, (int)length,
		name);
	if (nearest.name && length > 1)
		fprintf(stderr, "did you mean `--%s'?\n", nearest.name);
	else
		fprintf(stderr, "`yieldsan help %s' lists them\n", line->command);
	return STATUS_WRONG_USE;
}

/* Returns -1 to continue, or the exit status. */
static int command_line_take(const struct command_line *line, const struct command_option *option,
			     void *target, const char *value)
{
	const char *wanted = option->take(target, value);

	if (!wanted)
		return -1;
	if (*wanted)
		fprintf(stderr, "yieldsan: %s: --%s=%s: it must be %s\n", line->command,
			option->name, value, wanted);
	return STATUS_WRONG_USE;
}

static int option_argument_kind(const struct command_option *option)
{
	if (!option->value)
		return no_argument;
	return *option->value == '[' ? optional_argument : required_argument;
}

/* For getopt_long(3): a long option's value is its index, a short one's its letter. */
static void write_options(const struct command_line *line, struct option *options, char *letters)
{
	const struct command_option *option;
	void *target;

	if (line->ends_at_argument)
		*letters++ = '+';
	for (size_t i = 0; (option = command_line_option(line, i, &target)); i++) {
		options[i] = (struct option){ option->name, option_argument_kind(option), NULL,
					      FIRST_KEY + (int)i };
		if (!option->letter)
			continue;
		*letters++ = option->letter;
		if (option->value)
			*letters++ = ':';
	}
	*letters = '\0';
}

static const struct command_option *option_of_key(const struct command_line *line, int key,
						  void **target)
{
	const struct command_option *option;

	if (key >= FIRST_KEY)
		return command_line_option(line, (size_t)(key - FIRST_KEY), target);
	for (size_t i = 0; (option = command_line_option(line, i, target)); i++)
		if (option->letter == key)
			break;
	return option;
}

int command_line_parse(const struct command_line *line, int argc, char **argv)
{
	struct option options[OPTIONS + 1] = { 0 };
	char letters[2 * OPTIONS + 2];
	int key, status;

	if (command_line_visit) {
		command_line_visit(line);
		return 0;
	}
	write_options(line, options, letters);
	opterr = 0;
	while ((key = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		const struct command_option *option;
		void *target;

		option = option_of_key(line, key, &target);
		if (!option)
			return wrong_option(line, argv[optind - 1]);
		if (option == &help_option) {
			command_line_print_help(line);
			return 0;
		}
		status = command_line_take(line, option, target, optarg ? optarg : "");
		if (status != -1)
			return status;
	}
	if (optind < argc || !line->question)
		return -1;
	fprintf(stderr, "yieldsan: %s: %s yieldsan %s %s\n", line->command, line->question,
		line->command, line->arguments);
	return STATUS_WRONG_USE;
}
