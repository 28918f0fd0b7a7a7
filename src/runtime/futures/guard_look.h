/*
 * Finds what a suspended task holds, by reading its future, which does not change between polls.
 * The guards of Rust's locks are inlined code and can be seen nowhere else.
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
	LOOK_TO_POLL,	 /* the calling thread is about to poll it: what it points at exists */
	LOOK_FROM_ASIDE, /* another thread may poll it: copied by a system call that answers EFAULT
			  */
};

/*
 * Records the guards that the task held since its last poll. Budget: 50 ns if it holds none; a task
 * type without a future here costs its caller one test.
 */
void guard_look(const struct task_slot *slot, const void *header, enum look_from from);

/*
 * Same for a root future of this thread, whose place is certain. `polled`: it was polled since the
 * last look.
 */
COLD void guard_look_root(const struct task_module *module, const struct layout_task *task,
			  struct guard_rest *rest, bool polled);

/*
 * Whether guard_look_root may find something in the future's current state, and all of it is
 * readable.
 */
bool guard_look_root_holds(const struct task_module *module, const struct layout_task *task,
			   uintptr_t future);

/* The process ends: records what tasks hold that are not polled any more. */
void guard_look_at_exit(void);

/*
 * Finds the holder by the address of the lock's word, or of another word that is waited on. Slow
 * path only.
 */
bool guard_find(uintptr_t lock, struct guard_holder *holder);

/*
 * The lock that a thread of parking_lot waits for, by the thread's own word that it waits on. 0 if
 * no layout describes it.
 */
uintptr_t guard_parked_at(uintptr_t word);

/* Tasks were polled whose futures have no known layout. */
extern bool guard_look_is_blind;

/*
 * For a confirmed slot: the layout of its tasks' futures if they may hold guards; otherwise NULL.
 */
const struct layout_task *guard_look_future(const struct task_slot *slot, uintptr_t poll);

/* The process ends: notes in the trace if layouts were missing. */
void guard_look_exits(void);

#endif
