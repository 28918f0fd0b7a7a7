/*
 * Allowed regions: the program states why it may block its executor there. Events in a region are
 * judged as usual, then counted under the reason instead of becoming a finding.
 */
#ifndef RUNTIME_ALLOWANCE_H
#define RUNTIME_ALLOWANCE_H

#include <stdbool.h>

/* Pairs on one thread, may be nested; the innermost reason counts. `reason` lives until the end. */
void allowance_begin(const char *reason);
void allowance_end(void);

/* Begins a region in which blocking is not allowed, within one in which it is. Ended likewise. */
void allowance_forbid(void);

/* Whether the calling thread is in such a region. */
bool allowance_is_open(void);

/*
 * If the thread is in such a region: counts one event for its reason and returns true. Call it
 * before anything is recorded.
 */
bool allowance_take(void);

/* Called in a forked child: the counts belong to the parent, the regions stay open. */
void allowance_forget(void);

#endif
