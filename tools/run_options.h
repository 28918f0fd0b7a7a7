/* The command line of `yieldsan run`. */
#ifndef TOOLS_RUN_OPTIONS_H
#define TOOLS_RUN_OPTIONS_H

#include <stdbool.h>

#include "report_settings.h"
#include "shared/options.h"

struct run_options {
	const char *output; /* directory for traces; NULL: a private one */
	bool require_executor;
	struct report_settings report;
	struct options runtime; /* defaults, the caller's environment, then --set */
	char **command;		/* program and arguments, ended by NULL */
};

/* Returns -1 to go on, or the exit status after --help or a wrong command line, which was told. */
int run_options_parse(struct run_options *options, int argc, char **argv);

#endif
