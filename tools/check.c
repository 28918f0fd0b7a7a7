#include <dirent.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "async_layouts/layout_cache.h"
#include "command.h"
#include "command_line.h"
#include "options_text.h"
#include "program.h"
#include "project_config.h"
#include "report/filters/suppressions.h"
#include "shared/options.h"
#include "self_test.h"
#include "size_text.h"
#include "survey.h"

static void print_line(const char *subject, const char *text)
{
	printf("%-14s %s\n", subject, text);
}

static void print_missing(const char *library)
{
	printf("%-14s not found: %s\n", "library", library);
}

static void print_kind(const struct elf_kind *kind)
{
	static const char *const libcs[] = { "glibc", "musl", "an unknown libc" };

	printf("%-14s %s, %s, %s%s%s\n", "kind", elf_kind_machine(kind),
	       kind->linkage == LINKAGE_LOADER ? "the loader itself" : "dynamically linked",
	       libcs[kind->libc], *kind->sanitizer ? ", built with " : "", kind->sanitizer);
	print_line("privileges",
		   kind->privileges ? "file capabilities, which give nothing to root" : "none");
}

static void print_symbols(const struct elf_kind *kind, const char *interpreter)
{
	print_line("symbols", !kind->symbols   ? "stripped: stacks name exported functions only"
			      : kind->separate ? "in a separate file"
					       : "in the file");
	if (kind->debug_info)
		print_line("debug info", kind->separate ? "in a separate file" : "in the file");
	else if (interpreter)
		printf("%-14s none, and none is needed: frames of %s have their lines\n",
		       "debug info", interpreter);
	else
		print_line("debug info", "none: stacks have no lines (compile with -g; Rust: "
					 "debug = \"line-tables-only\")");
}

static void print_tasks(const struct task_tables *tables)
{
	unsigned count = tables->by_shape + tables->by_symbol;

	if (!count && tables->named)
		print_line("Tokio",
			   "its functions are there, but no task that YieldSan knows: polls "
			   "are not seen");
	else if (!count)
		print_line("Tokio", "no tasks");
	else if (tables->named)
		printf("%-14s %u kinds of tasks, and symbols: root futures of block_on are seen "
		       "too\n",
		       "Tokio", count);
	else
		printf("%-14s %u kinds of tasks by their shape; without symbols, root futures of "
		       "block_on "
		       "are not reported\n",
		       "Tokio", count);
}

static void print_async_task(const struct task_tables *tables)
{
	if (tables->async_task)
		print_line("async-task", "tasks of smol, async-std or others on it");
	if (tables->block_on)
		print_line("block_on", "that of the futures crate, pollster, futures-lite or "
				       "async-io: its future is seen");
}

static void print_loops(const struct survey *survey, const char *obstacle)
{
	char names[SENTENCE_SIZE];

	survey_loops(survey, names);
	if (*names)
		print_line("event loops", names);
	else if (obstacle)
		print_line("event loops", "none that can be watched");
	else
		print_line("event loops",
			   "of no known library; its own are recognised once they have "
			   "waited a few times");
	if (survey_has(survey, ENGINE_java))
		print_line("Java", "stacks have no names of its functions");
	if (survey_has(survey, ENGINE_beam))
		print_line("Erlang VM", "its schedulers are not watched; threads of libraries "
					"within it are");
}

static int check_program(const char *command)
{
	static struct survey survey;
	static struct program found;
	char sentence[SENTENCE_SIZE];
	const struct program *program = &found;
	bool obstacle;
	int status = program_find(&found, command, sentence);

	if (!status)
		status = program_refusal(program, sentence);
	if (status) {
		fprintf(stderr, "yieldsan: %s\n", sentence);
		return status;
	}
	if (strcmp(program->file, program->watched))
		printf("%-14s %s, run by %s\n", "program", program->file, program->watched);
	else
		print_line("program", program->file);
	print_kind(&program->kind);
	survey_program(&survey, program, print_missing);
	print_symbols(&survey.kind, survey_interpreter(&survey));
	print_tasks(&survey.tables);
	print_async_task(&survey.tables);
	obstacle = survey_obstacle(&survey, sentence);
	print_loops(&survey, obstacle ? sentence : NULL);
	if (obstacle)
		printf("%-14s not as it is: %s\n", "verdict", sentence);
	else
		print_line("verdict", survey.library_missing
					      ? "can be watched once it can be started"
				      : strcmp(program->file, program->watched)
					      ? "can be watched, with the programs that it starts"
					      : "can be watched");
	return 0;
}

static void print_setting(const char *name, const char *value, const char *initial)
{
	printf("%-14s %s%s\n", name, value ? value : initial, value ? "" : " (default)");
}

/* The settings that hold here, and where each comes from. */
static int print_config(void)
{
	static struct project_config config;
	const char *environment = getenv(OPTIONS_VARIABLE);
	static char found[PATH_MAX];
	char directory[PATH_MAX];
	int status = project_config_read(&config, NULL);

	if (status != -1)
		return status;
	print_line("settings", config.path ? config.path
					   : "none: no yieldsan.toml, nor [tool.yieldsan] in a "
					     "pyproject.toml, here or above");
	if (!config.suppressions && getcwd(directory, sizeof directory) &&
	    suppressions_find(directory, found) && !suppressions_distrust(found))
		config.suppressions = found;
	print_setting("suppressions", config.suppressions, "none");
	print_setting("baseline", config.baseline, "none");
	print_setting("show", config.show, "warning");
	print_setting("fail-on", config.fail_on, "error");
	for (size_t i = 0; i < config.option_count; i++)
		printf("%-14s %s%s\n", "option", config.options[i],
		       project_config_is_overridden(config.options[i], environment)
			       ? " (but " OPTIONS_VARIABLE " sets it)"
			       : "");
	if (environment && *environment)
		printf("%-14s %s (" OPTIONS_VARIABLE ")\n", "option", environment);
	return 0;
}

static const char *check_take_config(void *target, const char *value)
{
	(void)value;
	*(bool *)target = true;
	return NULL;
}

/* What runs and reports keep for the next one; it may be removed at any time. */
static void print_cache(void)
{
	char directory[PATH_MAX], path[PATH_MAX + NAME_MAX + 2], text[SIZE_TEXT_SIZE];
	struct dirent *entry;
	struct stat status;
	uint64_t bytes = 0;
	size_t files = 0;
	DIR *entries;

	if (!layout_cache_directory(directory))
		return;
	entries = opendir(directory);
	while (entries && (entry = readdir(entries))) {
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		if (lstat(path, &status) || !S_ISREG(status.st_mode))
			continue;
		files++;
		bytes += (uint64_t)status.st_blocks * 512;
	}
	if (entries)
		closedir(entries);
	printf("%-14s %s: %zu file%s, %s\n", "cache", directory, files, files == 1 ? "" : "s",
	       size_text(text, bytes));
}

int command_check(int argc, char **argv)
{
	static const struct command_option options[] = {
		{ "config", 0, NULL, "print the settings that hold here", check_take_config },
	};
	bool config = false;
	const struct command_line line = {
		.command = "check",
		.arguments = "[OPTION] [--] [COMMAND]",
		.help = "Tests whether watching works here, by a blocking call that must be seen "
			"(exit status 1 if it is\nnot), and whether and how well COMMAND can be "
			"watched (126 if it cannot, 127 if it is not found).\n",
		.groups = { OPTION_GROUP(options, &config) },
		.ends_at_argument = true,
	};
	int status = command_line_parse(&line, argc, argv);

	if (status >= 0)
		return status;
	if (!options_environment_is_right())
		return STATUS_WRONG_USE;
	if (config)
		return print_config();
	if (!self_test())
		return 1;
	print_cache();
	fflush(stdout);
	return optind < argc ? check_program(argv[optind]) : 0;
}
