/* What to do about a lock, in the words of the executor. */
#ifndef REPORT_LOCK_ADVICE_H
#define REPORT_LOCK_ADVICE_H

struct finding;

/* How to yield without a lock in hand. */
const char *lock_advice(const struct finding *finding);

#endif
