/* The objects that tasks wait for: who waits, who can end the wait, and whether that is all. */
#ifndef INSPECT_STUCK_WAITS_H
#define INSPECT_STUCK_WAITS_H

#include "stuck_memory.h"

#define STUCK_MAX_ENDERS 256

/* Fills the look's waits and holders from the ends that its tasks have, and the tasks' joiners. */
void stuck_waits_find(struct stuck_look *look, const struct stuck_memory *memory);

/* Whether all that can end the wait are tasks of the set, and all of them are known. */
bool stuck_wait_is_proven(const struct stuck_look *look, const struct task_wait *wait);

/* The tasks that can end it. Returns their number. */
size_t stuck_wait_enders(const struct stuck_look *look, const struct task_wait *wait,
			 size_t enders[STUCK_MAX_ENDERS]);

#endif
