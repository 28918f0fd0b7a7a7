/* One look at the tasks of a process: what each waits for, and who has the other ends. */
#ifndef INSPECT_STUCK_LOOK_H
#define INSPECT_STUCK_LOOK_H

#include "task_ends.h"

/* What ends a wait. */
enum wait_kind {
	WAIT_LOCK, /* a Mutex or RwLock */
	WAIT_PERMIT,
	WAIT_JOIN, /* another task */
	WAIT_MESSAGE,
	WAIT_ROOM, /* in a bounded channel */
	WAIT_ONESHOT,
};

/* A place where a waker of a task was found. */
struct task_wait {
	enum wait_kind kind;
	uint64_t object; /* address */
	size_t waiter;	 /* index of the task */
	size_t joined;	 /* for WAIT_JOIN: index of that task */
	uint64_t node;	 /* address of the waker */
	size_t place;	 /* of the object in the look */
	size_t position; /* in the object's queue: the first in line has the greatest */
	bool is_proven;	 /* only stuck tasks and those without a waker can end it */
};

/* Who has an end of a wait. */
struct wait_holder {
	size_t task;
	struct task_end end;
	uint64_t object;
	enum layout_end_kind kind;
};

/* What tasks wait for, with those who have an end of it. */
struct wait_object {
	uint64_t address;
	enum wait_kind kind; /* for a channel: WAIT_MESSAGE */
	const struct layout *layout;
	struct layout_end end; /* how it is laid out */
	size_t first, count;   /* its holders */
	/* All that have a guard, or a sender, are among the holders. */
	bool is_accounted;
	bool is_shared;	  /* several may have it, in the order in which they queued */
	size_t strangers; /* position of the first in line that is no known task, plus one */
	uint64_t queue;	  /* address of its semaphore; 0 */
};

struct stuck_task {
	/* Given. */
	uint64_t header; /* address; 0: a root future */
	uint64_t place;	 /* of the header, or of the root future */
	uint64_t vtable;
	const struct layout *layout;
	const struct layout_task *task; /* NULL: a root future */
	uint32_t machine;		/* of a root future */
	uint64_t base;			/* of the module */
	uint64_t poll;	 /* address of its poll function, or in the function of a root future */
	uint64_t polled; /* ticks: when its last poll began; 0: not known */
	int32_t thread;	 /* of a root future */
	/* Found. */
	bool is_readable;  /* its header is that of a task of this type */
	uint64_t state;	   /* the word with its flags and references */
	bool is_idle;	   /* suspended, and in its owner's list */
	bool has_handle;   /* a JoinHandle exists */
	uint64_t wakers;   /* wakers and AbortHandles */
	uint64_t located;  /* wakers that were found */
	bool is_lost;	   /* idle without a waker */
	bool is_stuck;	   /* all its waits can be ended by tasks of the set alone */
	bool is_in_ring;   /* it waits for itself, directly or through others */
	size_t ring;	   /* tasks that wait for each other have the same; SIZE_MAX: none */
	size_t group;	   /* stuck tasks that are connected by waits have the same */
	size_t joiner;	   /* index of the task that has its JoinHandle; SIZE_MAX */
	uint64_t sum;	   /* of all that was read as evidence */
	unsigned looks;	   /* that found it stuck or lost on this evidence, without a gap */
	uint64_t since_ns; /* CLOCK_MONOTONIC: the first of them */
	struct task_ends ends;
};

struct stuck_look {
	struct stuck_task *tasks;
	size_t count, room;
	struct task_wait *waits;
	size_t wait_count, wait_room;
	struct wait_holder *holders; /* sorted by object */
	size_t holder_count, holder_room;
	struct wait_object *objects; /* sorted by address */
	size_t object_count, object_room;
	struct stuck_memory *memory;
};

/* False if the memory cannot be read. */
typedef bool stuck_read(const void *source, uint64_t address, void *to, size_t size);

#endif
