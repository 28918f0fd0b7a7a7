/* The summary line at exit, for a program that was preloaded without the command. */
#ifndef RUNTIME_SUMMARY_H
#define RUNTIME_SUMMARY_H

#include <stdbool.h>

struct option_error;

/* Whether standard error is still the file that it was at start-up. */
bool summary_has_standard_error(void);

/* Start-up: remembers which file standard error is, and any error in the environment's options. */
void summary_init(const struct option_error *error);

/* A forked child is not the first process. */
void summary_not_first(void);

/*
 * At exit: prints the summary and a wrong option, if this is the first process; removes a trace
 * without findings.
 */
void summary_tell(void);

/*
 * Whether to keep the trace. A requested directory keeps its traces: they show what ran, and that
 * it was watched.
 */
bool summary_has_something(void);

#endif
