/* What to do instead, in terms of the blocked executor. */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

#include <stddef.h>

struct finding;
struct session;

/* The asynchronous equivalent first, then the offload. Never NULL. */
const char *advice_for(struct session *session, const struct finding *finding);

/* For a turn that computes for too long, in this library function; NULL: in none, or not known. */
const char *advice_on_long_turn(const struct finding *finding, const char *function);

/* How to yield without holding a lock. */
const char *advice_on_lock(const struct finding *finding);

/* The n-th line for a category of calls, and its executor: NULL for all others. NULL after the
 * last. */
const char *advice_line(const char *category, size_t n, const char **executor);

#endif
