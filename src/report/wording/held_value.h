/* Describes what lives across an await: for the kinds that a scan finds. */
#ifndef REPORT_HELD_VALUE_H
#define REPORT_HELD_VALUE_H

struct finding;
struct session;

/* "a MutexGuard<u32> (guard) is held across an await" */
const char *held_value_subject(struct session *session, const struct finding *finding);

/* "declared in line 12; spawned on a tokio runtime" */
const char *held_value_cost(struct session *session, const struct finding *finding);

#endif
