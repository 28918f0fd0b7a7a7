/*
 * What a suspended task holds: read out of its future, which is at rest while nobody polls it. The
 * guards of Rust's locks are inline code, and seen nowhere else.
 */
#ifndef RUNTIME_FUTURES_GUARD_LOOK_H
#define RUNTIME_FUTURES_GUARD_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/locks/guard_holder.h"

struct guard_rest;
struct layout_task;
struct task_module;
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

/* The same of a root future: of this thread, and its place known for certain. `polled`: it was,
 * since the last look. */
COLD void guard_look_root(const struct task_module *module, const struct layout_task *task,
			  struct guard_rest *rest, bool polled);

/* Whether that may find something, in the state that the future is in, and all of it is there. */
bool guard_look_root_holds(const struct task_module *module, const struct layout_task *task,
			   uintptr_t future);

/* The process ends: what tasks hold that are not polled any more. */
void guard_look_at_exit(void);

/* By the address of the lock's word, or of what else is waited at. Not for the common path. */
bool guard_find(uintptr_t lock, struct guard_holder *holder);

/*
 * The lock that a thread of parking_lot's waits for, by the word that it waits on: its own. 0 where
 * no layout tells.
 */
uintptr_t guard_parked_at(uintptr_t word);

/* Tasks were polled of which it is not known how their futures lie. */
extern bool guard_look_is_blind;

/* For a slot that is confirmed: the layout of its tasks' futures where they may hold guards; NULL.
 */
const struct layout_task *guard_look_future(const struct task_slot *slot, uintptr_t poll);

/* The process ends: notes in the trace when there was no layout to look with. */
void guard_look_exits(void);

#endif
