/* What the tasks of a group wait for, and who can end that: locks, channels and tasks of Tokio. */
#ifndef REPORT_GROUP_WAITS_H
#define REPORT_GROUP_WAITS_H

#include "inspect/stuck_tasks.h"

struct session;
struct task_kinds;

struct group_wait {
	bool is_known;
	enum wait_kind kind;
	uint64_t object;    /* what one of them waits for: its address; 0: only its kind is known */
	uint64_t others;    /* tasks that wait for another object */
	uint64_t holders;   /* tasks that were found to have the other end of the first object */
	const char *holder; /* the type of one of them; kept, NULL: none */
	uint64_t holder_task; /* address of its header */
};

/* Sets the kind by the type of the innermost awaited future, if it is one of a library that is
 * known. */
void group_wait_name(struct group_wait *group, const char *type);

struct group_waits;

/* For a process whose memory can be read. */
struct group_waits *group_waits_create(struct task_kinds *kinds);
void group_waits_destroy(struct group_waits *waits);

/* Adds the task with this header to what its group waits for. */
void group_waits_add(struct group_waits *waits, uint64_t header, struct group_wait *group);

/* "for a lock at 0x7f.. that app::hold holds"; kept, NULL: not known. `count`: tasks of the group.
 */
const char *group_wait_text(struct session *session, const struct group_wait *wait, uint64_t count);

/* "lock", "permit", ... */
const char *group_wait_word(enum wait_kind kind);

#endif
