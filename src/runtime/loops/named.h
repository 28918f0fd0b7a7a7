/* Threads that the user names as executors, or exempts: options `executors` and `exempt`. */
#ifndef RUNTIME_EXECUTORS_NAMED_H
#define RUNTIME_EXECUTORS_NAMED_H

#include <stdbool.h>

/* The calling thread got this name. */
void named_thread(const char *name);

/*
 * waits: whether the user named the calling thread as an executor, so that waits at a loop's place
 * are its own; pauses its turn. goes_on: resumes the turn.
 */
bool named_thread_waits(void);
void named_thread_goes_on(void);

#endif
