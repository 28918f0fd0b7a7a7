/* The command line of `yieldsan run`, and of commands that run something as it does. */
#ifndef TOOLS_RUN_OPTIONS_H
#define TOOLS_RUN_OPTIONS_H

#include <stdbool.h>

#include "report_settings.h"
#include "shared/options.h"

struct run_options {
	const char *output; /* directory for traces; NULL: a private one */
	bool require_executor;
	/* Into the program itself; false: the environment lets others do it for what it starts. */
	bool preloads;
	struct report_settings report;
	struct options runtime; /* defaults, the caller's environment, then --set */
	char **command;		/* program and arguments, ended by NULL */
};

/* What such a command says of itself. */
struct run_words {
	const char *command, *help, *question; /* as of struct command_line */
	const struct command_option
		*options; /* its own ones, of a struct run_options; may be NULL */
	size_t option_count;
	bool require_executor; /* unless an option says otherwise */
};

/* Returns -1 to go on, or the exit status after --help or a wrong command line, which was told. */
int run_options_parse(struct run_options *options, const struct run_words *words, int argc,
		      char **argv);

#endif
