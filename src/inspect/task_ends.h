/*
 * The values in a suspended future through which tasks wait for each other: guards, ends of
 * channels, handles of tasks. Walks all futures that live in it, not only the awaited ones.
 */
#ifndef INSPECT_TASK_ENDS_H
#define INSPECT_TASK_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/layout_chain.h"

struct task_end {
	uint32_t value;		 /* index in the layout */
	uint32_t machine, state; /* where that variable lives */
	uint64_t at;		 /* address of the value */
	uint64_t object;	 /* address of what its ends share */
	bool is_certain;	 /* else it may have been dropped or moved away */
	bool is_awaited;	 /* its future waits for it, perhaps besides others */
};

/* A guard of a lock that blocks threads, alive in a future; the lock is taken. */
struct task_lock {
	uint32_t value, machine, state;
	uint64_t lock;	/* address of its word */
	uint64_t waits; /* of another word that threads wait on; 0 */
};

struct task_ends {
	bool wants_locks; /* given: look for locks too */
	struct task_end *items;
	size_t count, room;
	struct task_lock *locks;
	size_t lock_count, lock_room;
	size_t receives; /* channels whose next message is awaited */
	uint64_t sum;	 /* of the machines, states and addresses that were visited */
	/* All that is awaited is the ends above: nothing else can wake the future. */
	bool waits_for_ends_only;
};

/* The machine that runs in a task, or in the future of a block_on at `place`. False: not known. */
bool task_ends_machine(const struct layout *layout, const struct layout_memory *memory,
		       const struct layout_task *task, uint64_t place, uint32_t *machine,
		       uint64_t *address);

/* Keeps the room of former results. */
void task_ends_find(struct task_ends *ends, const struct layout *layout,
		    const struct layout_memory *memory, uint32_t machine, uint64_t address);
void task_ends_deinit(struct task_ends *ends);

#endif
