/*
 * The locks that turns hold. Each thread has a table of its own, by the lock's address: taking and
 * releasing a free lock in a turn touches nothing that another thread writes. Others look into it
 * only when they must wait, or when a turn has ended with a lock in hand.
 */
#ifndef RUNTIME_LOCKS_HELD_H
#define RUNTIME_LOCKS_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "held_quiet.h"
#include "runtime/turns/turn.h"
#include "known_stack.h"
#include "contract/trace_format.h"

struct executor;
struct turn;

enum held_flags {
	HELD_SUSPENDED = 1, /* its turn has ended: held across a yield */
	HELD_RESTING = 2,   /* released for the time of a wait on a condition */
	HELD_GONE = 4,	    /* released by another thread: as if it were not here */
};

struct held_lock {
	uintptr_t lock;	   /* 0: free */
	struct turn *turn; /* that took it; NULL once it has ended */
	const struct known_stack *stack;
	struct executor *executor;
	union {
		struct {
			uint8_t kind;	/* enum trace_lock */
			uint8_t flags;	/* enum held_flags */
			uint16_t again; /* taken so often beside the first time */
			union {
				uint32_t coroutine; /* that took it, see stack_switch.h */
				uint32_t yields;    /* of a suspended one */
			};
		};
		uint64_t fresh; /* all at once: the kind, no flags, the coroutine */
	};
	/* of a suspended one: what the turn was for, and what the trace has */
	uint32_t site; /* offset of its trace_lock_site */
	uint32_t type; /* of the task: see executors/task_types.h; 0: none */
	void *task;
	uint64_t since_ns; /* when it was yielded */
	/* of a lock in Python: the frame that took it, and that of its coroutine; 0: none */
	uintptr_t frame, coroutine_frame;
};

/* A wait that others may look at: what for, and since when. lock is stored last, and cleared first.
 */
struct held_wait {
	uintptr_t lock; /* 0: does not wait */
	uint64_t since_ns;
	const struct known_stack *stack;
	uint8_t kind;
	bool ends;	 /* by a time-out */
	uint32_t record; /* offset of its trace_deadlock; 0: none was written */
	struct executor *executor;
};

struct held_slots {
	uint32_t capacity;	   /* a power of two */
	struct held_slots *larger; /* of twice the capacity, once they were needed; else empty */
	struct held_lock entries[];
};

/* One thread's. Never freed: one whose thread has ended serves the next. */
struct held_table {
	struct held_table *next; /* of all */
	uint32_t taken;		 /* by a living thread */
	int32_t tid;
	char name[TRACE_NAME_SIZE];
	struct held_slots *slots, *least;
	struct held_lock *last; /* that was taken: most are released in reverse order */
	struct held_wait wait;
	struct stack_memory memory;
	struct walk_credit credit;
};

/* All that were ever made; go on by ->next. */
struct held_table *held_tables(void);

/* The present thread's; NULL when it has none yet. */
static inline struct held_table *held_table(void)
{
	return this_thread.held;
}

void held_note(uintptr_t lock, enum trace_lock kind, const void *frame);

/* In a turn: of a lock that was taken earlier, by this stack. */
void held_note_stack(uintptr_t lock, enum trace_lock kind, const struct known_stack *stack);

/*
 * A lock was taken by the caller of the function with this frame address. Nothing is noted outside
 * turns. Budget, with the release: 10 ns + 0.6 ns a frame, and 2 ns where the thread is quiet.
 */
static inline __attribute__((always_inline)) void
held_acquired(uintptr_t lock, enum trace_lock kind, const void *frame)
{
	if (kind != TRACE_LOCK_SEMAPHORE && held_quiet_has_room()) {
		held_quiet_take(lock, kind, ((const struct known_frame *)frame)->caller);
		return;
	}
	held_note(lock, kind, frame);
	__asm__ volatile(""); /* a tail call would leave the frame before it was looked at */
}

/* It is about to be released: false when the present thread's table does not have it. */
bool held_released(uintptr_t lock);

/* For the time of a wait on a condition it is free. */
void held_rests(uintptr_t lock, bool rests);

/* Of `table`; NULL when it is not there, or gone. Of another thread's table it may change under the
 * reader's hands. */
struct held_lock *held_find(struct held_table *table, uintptr_t lock);

/* The same of the present thread's table, gone ones included. */
struct held_lock *held_entry(uintptr_t lock);

/* A turn ends with locks in hand. Of an event loop that is a yield only where it waits again, which
 * held_yielded tells before; else they are nobody's from now on. */
COLD void held_turn_ends(struct turn *turn);

enum held_yield {
	YIELD_TURN_END,
	YIELD_COROUTINE, /* within a turn: a coroutine is left */
};

COLD void held_yielded(struct turn *turn, enum held_yield yield);

/* One that was held across a yield is released, by whomever. */
COLD void held_settle(struct held_lock *held);

/* Somebody waits for one that is held across a yield. */
void held_tell_waited(const struct held_lock *held, bool in_turn);

/* The present thread's table, made on first use; NULL when there is no room. */
struct held_table *held_table_take(void);

/* Few are held of many that were: from now on it takes less to look at all. */
COLD void held_shrink(struct held_table *table);

/* Frees an entry of the present thread's table. */
void held_remove(struct held_table *table, struct held_lock *held);

/* The task is gone: cancelled, or destroyed. What it still holds is held for ever. */
COLD void held_task_ends(const void *task);

COLD void held_thread_ends(void);

/* In a forked child. */
void held_forked(void);

#endif
