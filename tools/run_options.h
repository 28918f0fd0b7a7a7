/* The command line of `yieldsan run`, and of commands that run programs like it. */
#ifndef TOOLS_RUN_OPTIONS_H
#define TOOLS_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "report_settings.h"
#include "shared/options.h"

struct run_options {
	const char *output; /* directory for traces; NULL: a private one */
	bool require_executor;
	const char *export; /* "otlp", or the collector's URL; NULL: the findings are not sent */
	/* Preload into the program itself; false: the environment lets others preload it into what
	 * the program starts. */
	bool preloads;
	struct report_settings report;
	/* Defaults, then the project's settings, then the caller's environment, then --set. */
	struct options runtime;
	uint64_t given; /* by the command line: a bit for each option of the runtime */
	char **command; /* program and arguments, terminated by NULL */
};

/* Texts of such a command. */
struct run_words {
	const char *command, *help, *question; /* as in struct command_line */
	const struct command_option
		*options; /* its own options, of a struct run_options; may be NULL */
	size_t option_count;
	bool require_executor; /* unless an option says otherwise */
};

/* Returns -1 to continue, or the exit status after --help or a wrong command line, with the error
 * already printed. */
int run_options_parse(struct run_options *options, const struct run_words *words, int argc,
		      char **argv);

#endif
