/*
 * What a suspended task holds: read out of its future, which is at rest while nobody polls it. The
 * guards of Rust's locks are inline code, and seen nowhere else.
 */
#ifndef RUNTIME_FUTURES_GUARD_LOOK_H
#define RUNTIME_FUTURES_GUARD_LOOK_H

#include <stdint.h>

struct layout_task;
struct task_slot;

enum look_from {
	LOOK_TO_POLL,	 /* the present thread is about to poll it: what it points at is there */
	LOOK_FROM_ASIDE, /* another one may: it is copied by a call that answers EFAULT */
};

/*
 * Records the guards that the task held since its last poll. Budget: 50 ns for one that holds none;
 * a task type without a future here costs its caller one test.
 */
void guard_look(const struct task_slot *slot, const void *header, enum look_from from);

/* For a slot that is confirmed: the layout of its tasks' futures where they may hold guards; NULL.
 */
const struct layout_task *guard_look_future(const struct task_slot *slot, uintptr_t poll);

#endif
