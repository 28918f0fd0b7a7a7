/*
 * Executes a program with the library preloaded: for test drivers that start programs through a
 * user-defined command and are not watched themselves. The options are in the environment, from
 * `yieldsan ci`.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "options_text.h"
#include "preload.h"
#include "program.h"
#include "project_config.h"
#include "run_layouts.h"
#include "shared/options.h"

/*
 * Read layouts even on a machine that has never run the program, so that findings are the same
 * everywhere. In a child process: the test runs even if a large or damaged file makes it fail.
 */
static void program_read_layouts(const struct program *program)
{
	pid_t child = fork();

	if (!child) {
		run_layouts_read(program);
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

/* The project's settings, below the environment. */
static void exec_take_project(struct options *options)
{
	static struct project_config config;

	if (project_config_read(&config, NULL) != -1)
		return;
	for (size_t i = 0; i < config.option_count; i++)
		if (!project_config_is_overridden(config.options[i], getenv(OPTIONS_VARIABLE)))
			options_set(options, config.options[i]);
}

/* A test that cannot be watched runs all the same: its own result counts. */
static void bring_library(const struct program *program)
{
	char library[PATH_MAX], sentence[SENTENCE_SIZE], text[OPTIONS_TEXT_SIZE];
	static struct options options;

	if (program_refusal(program, sentence)) {
		fprintf(stderr, "yieldsan: NOT WATCHED: %s\n", sentence);
		return;
	}
	if (!preload_find(library))
		return;
	options_parse(&options, getenv(OPTIONS_VARIABLE));
	if (!*options.run) /* not under `ci', which has taken them */
		exec_take_project(&options);
	if (run_layouts_name(&options))
		program_read_layouts(program);
	options_write(&options, text);
	preload_set(library, &program->kind, text);
}

int command_exec_watched(int argc, char **argv)
{
	static struct program program;
	char sentence[SENTENCE_SIZE];
	int status;

	if (argc < 2) {
		fprintf(stderr, "yieldsan: exec-watched: which program?\n");
		return STATUS_WRONG_USE;
	}
	status = program_find(&program, argv[1], sentence);
	if (status) {
		fprintf(stderr, "yieldsan: %s\n", sentence);
		return status;
	}
	bring_library(&program);
	execv(program.by_shell ? program.watched : program.file,
	      program_arguments(&program, argv + 1));
	fprintf(stderr, "yieldsan: %s cannot be started: %s\n", program.file, strerror(errno));
	return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CANNOT_WATCH;
}
