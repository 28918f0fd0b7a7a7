/*
 * The locks that turns hold.
 *
 * Each thread has its own table, keyed by the lock's address: taking and releasing a free lock in a
 * turn touches nothing that another thread writes. Other threads read the table only when they must
 * wait, or when a turn ends while it holds a lock.
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
	HELD_RESTING = 2,   /* released while it waits on a condition */
	HELD_GONE = 4,	    /* released by another thread: treat as absent */
};

struct held_lock {
	uintptr_t lock;	   /* 0: free */
	struct turn *turn; /* turn that took it; NULL once that has ended */
	const struct known_stack *stack;
	struct executor *executor;
	union {
		struct {
			uint8_t kind;	/* enum trace_lock */
			uint8_t flags;	/* enum held_flags */
			uint16_t again; /* recursive acquisitions beyond the first */
			union {
				uint32_t coroutine; /* coroutine that took it, see stack_switch.h */
				uint32_t yields;    /* while suspended: number of yields */
			};
		};
		uint64_t fresh; /* sets the fields at once: kind, no flags, coroutine */
	};
	/* while suspended: the turn's task type, and the record in the trace */
	uint32_t site; /* offset of its trace_lock_site */
	uint32_t type; /* of the task: see turns/task_types.h; 0: none */
	void *task;
	uint64_t since_ns; /* when its turn yielded */
	/* lock in Python: the frame that took it, and its coroutine's frame; 0: none */
	uintptr_t frame, coroutine_frame;
};

/*
 * A wait that other threads may read: the lock, and since when. lock is stored last and cleared
 * first.
 */
struct held_wait {
	uintptr_t lock; /* 0: does not wait */
	uint64_t since_ns;
	const struct known_stack *stack;
	uint8_t kind;
	bool ends;	 /* has a time-out */
	uint32_t record; /* offset of its trace_deadlock; 0: not written */
	struct executor *executor;
	/* when the wait began: who held the lock, and where it was taken; 0, NULL: not known */
	int32_t holder;
	const struct known_stack *taken;
	char holder_name[TRACE_NAME_SIZE]; /* of a holder in a turn */
};

struct held_slots {
	uint32_t capacity;	   /* a power of two */
	struct held_slots *larger; /* twice the capacity, once it was needed; otherwise empty */
	struct held_lock entries[];
};

/* The table of one thread. Never freed: a new thread reuses the table of an ended one. */
struct held_table {
	struct held_table *next; /* in the list of all tables */
	uint32_t taken;		 /* by a living thread */
	int32_t tid;
	char name[TRACE_NAME_SIZE];
	struct held_slots *slots, *least;
	struct held_lock *last; /* last lock taken: most are released in reverse order */
	struct held_wait wait;
	struct stack_memory memory;
	struct walk_credit credit;
};

/* The list of all tables ever made; follow ->next. */
struct held_table *held_tables(void);

/* The calling thread's table; NULL if it has none yet. */
static inline struct held_table *held_table(void)
{
	return this_thread.held;
}

void held_note(uintptr_t lock, enum trace_lock kind, const void *frame);

/* In a turn: records a lock that was taken earlier, with the given stack. */
void held_note_stack(uintptr_t lock, enum trace_lock kind, const struct known_stack *stack);

/*
 * Records a lock taken by the caller of the function with this frame address. Does nothing outside
 * turns. Budget, including the release: 10 ns + 0.6 ns a frame, or 2 ns if the thread is quiet.
 */
static inline __attribute__((always_inline)) void
held_acquired(uintptr_t lock, enum trace_lock kind, const void *frame)
{
	if (kind != TRACE_LOCK_SEMAPHORE && held_quiet_has_room()) {
		held_quiet_take(lock, kind, ((const struct known_frame *)frame)->caller);
		return;
	}
	held_note(lock, kind, frame);
	__asm__ volatile(
		""); /* prevent a tail call, which would remove the frame before it is read */
}

/*
 * The lock is about to be released. Returns false if the calling thread's table does not contain
 * it.
 */
bool held_released(uintptr_t lock);

/* Marks the lock as free while its holder waits on a condition. */
void held_rests(uintptr_t lock, bool rests);

/*
 * Finds the lock in `table`; NULL if it is absent or gone. An entry of another thread's table may
 * change at any time.
 */
struct held_lock *held_find(struct held_table *table, uintptr_t lock);

/* Same for the calling thread's table, including entries that are gone. */
struct held_lock *held_entry(uintptr_t lock);

/*
 * A turn ends while it holds locks. For an event loop this is a yield only if the loop waits again
 * (held_yielded is called first then); otherwise the locks are no longer attributed to it.
 */
COLD void held_turn_ends(struct turn *turn);

enum held_yield {
	YIELD_TURN_END,
	YIELD_COROUTINE, /* within a turn: switched away from a coroutine */
};

COLD void held_yielded(struct turn *turn, enum held_yield yield);

/* Where the current turn took the lock; NULL: it holds none. */
const struct known_stack *held_taken_at(uintptr_t lock);

/*
 * The turn is about to yield while it holds the lock by which the threads of a pool take turns: it
 * is no longer the turn's, and what was recorded of it before the pool was known is void.
 */
void held_hands_over(struct turn *turn, uintptr_t lock);

/* A lock that was held across a yield is released, by any thread. */
COLD void held_settle(struct held_lock *held);

/* Counts a thread that waits for a lock held across a yield. */
void held_tell_waited(const struct held_lock *held, bool in_turn);

/* The calling thread's table, made on first use; NULL if there is no room. */
struct held_table *held_table_take(void);

/* Moves to smaller slots when few locks are held: searches become cheaper. */
COLD void held_shrink(struct held_table *table);

/* Frees an entry of the calling thread's table. */
void held_remove(struct held_table *table, struct held_lock *held);

/* The task was cancelled or destroyed: locks that it still holds are never released. */
COLD void held_task_ends(const void *task);

COLD void held_thread_ends(void);

/* Called in a forked child. */
void held_forked(void);

#endif
