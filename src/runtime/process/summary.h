/* The one line at exit of a program that was preloaded without the command. */
#ifndef RUNTIME_SUMMARY_H
#define RUNTIME_SUMMARY_H

#include <stdbool.h>

struct option_error;

/* Start-up: remembers what standard error is, and what was wrong in the environment's options. */
void summary_init(const struct option_error *error);

/* A forked child is not the first process. */
void summary_not_first(void);

/* At exit: prints the findings and a wrong option, if this is the first process; removes a trace
 * with nothing in it. */
void summary_tell(void);

/* Whether the trace is worth keeping. A directory that was asked for keeps its traces: they tell
 * what ran, and that it was watched. */
bool summary_has_something(void);

#endif
