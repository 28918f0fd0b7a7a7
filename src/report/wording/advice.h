/* What to do instead, in the words of the executor that is held up. */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include <stddef.h>

struct finding;
struct session;

/* The asynchronous equivalent first, then the offload. Never NULL. */
const char *advice_for(struct session *session, const struct finding *finding);

/* On a turn that computes for too long. */
const char *advice_on_long_turn(const struct finding *finding);

/* How to yield without a lock in hand. */
const char *advice_on_lock(const struct finding *finding);

/* The n-th line on a category of calls, and the executor that it is for: NULL for all others. NULL
 * behind the last. */
const char *advice_line(const char *category, size_t n, const char **executor);

#endif
