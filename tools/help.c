#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "executors/executors.h"
#include "shared/options.h"

static void print_usage(void)
{
	printf("Usage: yieldsan COMMAND ...\n"
	       "Finds what blocks the executors of asynchronous programs.\n\n");
	for (size_t i = 0; i < command_count; i++)
		if (commands[i].help)
			printf("  yieldsan %-6s %-34s %s\n", commands[i].name,
			       commands[i].arguments, commands[i].help);
	printf("\n`yieldsan help COMMAND' lists a command's options, `yieldsan help executors' the "
	       "executors\n"
	       "that are recognised, `yieldsan help options' the options of the runtime: for\n"
	       "`yieldsan run --set KEY=VALUE', or KEY=VALUE:KEY=VALUE in %s.\n"
	       "LD_PRELOAD=libyieldsan.so COMMAND watches a program without this command; name "
	       "the library's full\n"
	       "path where it is not installed in a directory that ldconfig knows.\n",
	       OPTIONS_VARIABLE);
}

static void help_print_option(const struct option_info *info)
{
	char left[64];

	switch (info->type) {
	case OPTION_IS_BOOL:
		snprintf(left, sizeof left, "%s=%d", info->name, info->initial != 0);
		break;
	case OPTION_IS_UNSIGNED:
		snprintf(left, sizeof left, "%s=%" PRIu64, info->name, info->initial);
		break;
	case OPTION_IS_STRING:
		snprintf(left, sizeof left, "%s=", info->name);
		break;
	case OPTION_IS_CHOICE:
		snprintf(left, sizeof left, "%s=%.*s", info->name, (int)strcspn(info->unit, ","),
			 info->unit);
		break;
	}
	printf("  %-22s %s\n", left, info->help);
	if (info->type == OPTION_IS_UNSIGNED)
		printf("  %-22s from %" PRIu64 " to %" PRIu64 " %s\n", "", info->min, info->max,
		       info->unit);
	if (info->type == OPTION_IS_CHOICE)
		printf("  %-22s one of %s\n", "", info->unit);
}

static void print_options(void)
{
	printf("Options of the runtime, with their defaults. Give them by `yieldsan run --set "
	       "KEY=VALUE',\n"
	       "or preloading by hand as KEY=VALUE:KEY=VALUE in %s (`\\:' is a colon).\n\n",
	       OPTIONS_VARIABLE);
	for (size_t i = 0; i < option_count; i++)
		help_print_option(&option_infos[i]);
}

static void help_print_executors(bool others)
{
	static const struct {
		enum executor_id id;
		const char *what, *how, *notes;
	} rows[] = {
#define RECOGNISED(id, what, how, notes) { EXECUTOR_##id, what, how, notes },
#include "executors/table.h"
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if ((rows[i].id == EXECUTOR_other) == others)
			printf("| %s | %s |%s%s |\n", rows[i].what, rows[i].how,
			       *rows[i].notes ? " " : "", rows[i].notes);
}

int command_help(int argc, char **argv)
{
	const struct command *command;
	char *arguments[] = { NULL, "--help", NULL };

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		print_usage();
		return 0;
	}
	if (!strcmp(argv[1], "options")) {
		print_options();
		return 0;
	}
	if (!strcmp(argv[1], "executors")) {
		/* As in the README; a test compares them. */
		printf("| executor | how it is recognised | notes |\n|---|---|---|\n");
		help_print_executors(false);
		help_print_executors(true);
		return 0;
	}
	command = command_find(argv[1]);
	if (!command)
		return STATUS_WRONG_USE;
	arguments[0] = argv[1];
	return command->run(2, arguments);
}
