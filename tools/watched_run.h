/* A program run under watch: from its start to the report, and the exit status of it all. */
#ifndef TOOLS_WATCHED_RUN_H
#define TOOLS_WATCHED_RUN_H

#include "run_options.h"

/* Returns the exit status. What went wrong was told. */
int watched_run(struct run_options *options);

#endif
