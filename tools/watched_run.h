/* Runs a program under watch: from its start to the report and the exit status. */
#ifndef TOOLS_WATCHED_RUN_H
#define TOOLS_WATCHED_RUN_H

#include "run_options.h"

/* Returns the exit status. Errors were printed. */
int watched_run(struct run_options *options);

#endif
