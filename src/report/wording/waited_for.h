/* What a call waited for, in words. */
#ifndef REPORT_WORDING_WAITED_FOR_H
#define REPORT_WORDING_WAITED_FOR_H

struct finding;
struct session;

/*
 * The call with what it waited for: "recv from 127.0.0.1:80", "write to a pipe to less (4711)",
 * "pthread_mutex_lock, held by thread pump (4712), taken in fill (pump.c:12)"; the call alone if
 * that is not known. Kept.
 */
const char *waited_call(struct session *session, const struct finding *finding);

#endif
