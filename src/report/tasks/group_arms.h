/* The futures that the tasks of a group wait for at once: arms of join! and select!, members of a
 * FuturesUnordered; those that are state machines, each with the place where it waits. */
#ifndef REPORT_GROUP_ARMS_H
#define REPORT_GROUP_ARMS_H

#include "inspect/task_kinds.h"
#include "report/frames/stack.h"
#include "report/frames/layout_source.h"

#define GROUP_ARMS_MOST 64 /* places of a group; further ones are counted */

/* Arms that wait at one place. */
struct group_arm {
	struct layout_link links[LAYOUT_MAX_LINKS];
	size_t link_count;
	struct stack awaits; /* from the task inwards */
	size_t common;	     /* frames that the group's own chain has, too */
	uint64_t count;	     /* of all tasks of the group */
};

struct group_arms {
	struct group_arm *items; /* in the report's memory; NULL: each task waits for one future */
	size_t count;
	uint64_t elsewhere; /* at places for which there was no room */
};

/* Adds those of a task, which was seen so and must still be so. */
void group_arms_add(const struct task_kinds *kinds, const struct layout_source *source,
		    const struct task_kind *kind, uint64_t task, const struct task_seen *seen,
		    struct group_arms *arms);

#endif
