/* What to do instead, in the words of the executor that is held up. */
#ifndef REPORT_ADVICE_H
#define REPORT_ADVICE_H

struct finding;

/* The asynchronous equivalent first, then the offload. Never NULL. */
const char *advice_for(const struct finding *finding);

#endif
