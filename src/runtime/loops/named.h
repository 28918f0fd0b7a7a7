/* Threads that the user names as executors, or exempts: options `executors` and `exempt`. */
#ifndef RUNTIME_EXECUTORS_NAMED_H
#define RUNTIME_EXECUTORS_NAMED_H

#include <stdbool.h>

/* The present thread got this name. */
void named_thread(const char *name);

/* Whether the present thread is an executor by the user's word: its waits at a loop's place are its
 * own. Then its turn passes no more until it goes on. */
bool named_thread_waits(void);
void named_thread_goes_on(void);

#endif
