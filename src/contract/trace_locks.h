/*
 * Trace records of locks and guards held too long, cancelled tasks, and deadlocks. A part of
 * trace_format.h, which includes it.
 */
#ifndef YIELDSAN_TRACE_LOCKS_H
#define YIELDSAN_TRACE_LOCKS_H

enum trace_lock {
	TRACE_LOCK_MUTEX = 0,
	TRACE_LOCK_READ, /* of a read-write lock */
	TRACE_LOCK_WRITE,
	TRACE_LOCK_SPIN,
	TRACE_LOCK_SEMAPHORE,
	TRACE_LOCK_FILE,
	TRACE_LOCK_ANNOTATED,
	TRACE_LOCK_GLIB_MUTEX,
	TRACE_LOCK_GLIB_READ,
	TRACE_LOCK_GLIB_WRITE,
	TRACE_LOCK_FUTEX,  /* a word of the program's own lock, such as those of Rust's standard
			      library */
	TRACE_LOCK_PYTHON, /* threading.Lock */
	TRACE_LOCK_PYTHON_RECURSIVE, /* threading.RLock */
	TRACE_LOCK_KINDS,
};

/* The error made with a lock. */
enum lock_fault {
	LOCK_ACROSS_YIELD = 1,
	LOCK_FOREIGN_UNLOCK,
	LOCK_LEFT_BEHIND, /* by a task that was cancelled or destroyed, or a thread that ended */
	LOCK_FOREIGN_UNLOCK_SEEN_LATE, /* seen only when the turn that took it yields */
};

enum lock_site_flags {
	LOCK_SITE_IN_LOOP = 1,	 /* taken inside a library's loop, whose extent is certain */
	LOCK_SITE_COROUTINE = 2, /* a coroutine yielded, within a turn */
	/* threads take turns at one wait by this lock: no fault, recorded before that was known */
	LOCK_SITE_HANDS_OVER = 4,
};

/* One distinct pair of stacks of one fault. */
struct trace_lock_site {
	struct trace_record head;
	uint32_t fault;	    /* enum lock_fault */
	uint32_t lock;	    /* enum trace_lock */
	uint32_t executor;  /* offset of the trace_executor; 0: not an executor's thread */
	uint32_t acquired;  /* offset of the trace_stack where it was taken; 0: not known */
	uint32_t other;	    /* of the stack where it was yielded or released */
	uint16_t level;	    /* level of the place where it was taken; see trace_executor.level */
	uint16_t flags;	    /* enum lock_site_flags */
	uint64_t task_poll; /* address of the function that polls the task; 0: none */
	uint64_t hash;
	uint64_t address; /* of the first lock seen */
	uint64_t count;
	uint64_t yields;	 /* total yields while it was held */
	uint64_t turns_waited;	 /* turns that waited for it while it was held across a yield */
	uint64_t threads_waited; /* threads outside turns that waited likewise */
	uint64_t total_ns;	 /* held from the yield to the release, total of those that ended */
	uint64_t max_ns;
	uint64_t open;		/* number still held */
	uint64_t open_since_ns; /* since when, for the one yielded last */
	uint64_t first_ns;
	uint64_t last_ns;
	int32_t tid; /* thread that took the first one; for a foreign unlock also the one that
			released it */
	int32_t other_tid;
	char thread[TRACE_NAME_SIZE];
	char other_thread[TRACE_NAME_SIZE];
};

#define TRACE_GUARD_LINKS 16

/*
 * Where a suspended task waits: a state of a machine, by their indexes in the layout of its file.
 */
struct trace_await {
	uint32_t machine, state;
};

enum guard_site_flags {
	GUARD_REFUTED = 1, /* its lock was seen unlocked: it was not held */
	GUARD_UNSURE = 2,  /* seen only by its lock's word, which others set too */
};

/*
 * A guard of a lock, or a borrow, that a suspended task was seen to hold. It is identified by
 * indexes in the layout of the module that contains `poll` (contract/layout.h), from the task
 * inward.
 */
struct trace_guard_site {
	struct trace_record head;
	uint32_t executor; /* offset of the trace_executor */
	uint32_t flags;	   /* enum guard_site_flags */
	uint64_t poll;	   /* address of the function that polls the task */
	uint64_t hash;
	uint32_t layout_version, layout_count; /* of that layout: its format, its values */
	uint32_t value;			       /* in the state of its last link */
	uint32_t depth;			       /* number of links; 0: they did not fit */
	struct trace_await links[TRACE_GUARD_LINKS];
	uint64_t address;  /* of the lock's word, for the first one seen */
	uint64_t count;	   /* tasks that held one; several consecutive yields count once */
	uint64_t yields;   /* after which it was held */
	uint64_t total_ns; /* while tasks that held it were suspended */
	uint64_t max_ns;   /* in one piece: it may have been released and taken again in a turn */
	uint64_t first_ns; /* CLOCK_MONOTONIC */
	uint64_t last_ns;
	uint64_t open;		/* seen held, and not seen released since */
	uint64_t open_since_ns; /* since when, for the last of these that was seen */
	uint64_t waiters;	/* turns that waited for one for 20 ms or longer */
	int32_t tid;		/* of the thread that was about to poll the first one */
	uint32_t reserved;
	char thread[TRACE_NAME_SIZE];
};

/* How a task ended before it was done. */
enum trace_cancel {
	CANCEL_ABORTED = 1, /* by a holder of its handle */
	CANCEL_SHUT_DOWN,   /* its runtime ended */
	CANCEL_DROPPED, /* a boxed future in it, while the task continues; links are that future's
			 */
};

/* Cancelled tasks of one type at one place. */
struct trace_cancel_site {
	struct trace_record head;
	uint32_t executor; /* offset of the trace_executor */
	uint32_t how;	   /* enum trace_cancel */
	uint64_t poll;	   /* address of the function that polls the task */
	uint64_t hash;
	uint32_t layout_version, layout_count; /* as in a trace_guard_site; 0: there was none */
	uint32_t guard; /* offset of the trace_guard_site of what it held then; 0: not known */
	uint32_t depth; /* number of links; 0: place not known */
	struct trace_await links[TRACE_GUARD_LINKS];
	uint64_t count;
	uint64_t first_ns; /* CLOCK_MONOTONIC */
	uint64_t last_ns;
	char thread[TRACE_NAME_SIZE]; /* of the first one seen */
};

enum trace_left_kind {
	LEFT_DESCRIPTOR,
	LEFT_CHILD, /* a running process */
	LEFT_FILE,  /* a temporary file, by its name */
};

/* What tasks made in one place, and left behind when they, or a future in them, were dropped. */
struct trace_left_site {
	struct trace_record head;
	uint32_t cancelled; /* offset of the trace_cancel_site; 0: see `dropped` */
	uint32_t opened;    /* offset of the trace_stack; 0: not known */
	uint64_t hash;
	uint64_t count;
	uint64_t open; /* neither closed nor used since; for children and files, those that existed
			  when the process ended */
	uint64_t first_ns; /* CLOCK_MONOTONIC */
	uint64_t last_ns;
	uint32_t kind; /* enum trace_left_kind */
	/*
	 * For a child in a task that continued: the trace_stack where its state was last queried
	 * without a wait, as drop does; the executor; and the function that polls the task.
	 */
	uint32_t dropped;
	uint32_t executor;
	uint32_t reserved;
	uint64_t poll;
};

#define TRACE_MAX_EDGES 8

/* One wait for a lock: the waiting thread, the lock and its holder. */
struct trace_deadlock_edge {
	int32_t tid;	    /* of the waiting thread */
	int32_t holder;	    /* tid; 0: not known */
	uint32_t waiting;   /* offset of the trace_stack where it waits; 0: not known */
	uint32_t acquired;  /* of the stack where the holder took it; 0: not known */
	uint64_t address;   /* of the lock */
	uint32_t lock;	    /* enum trace_lock */
	uint32_t suspended; /* 1: held by a task that has yielded */
	uint64_t waits_since_ns;
	uint64_t holds_since_ns; /* for a suspended holder: when it yielded; 0: not known */
	uint64_t task_poll;	 /* the holder's; 0: none */
	uint32_t present; /* offset of a trace_stack for the current place of a holder outside
			     turns: depth 0 until the launcher has filled it; 0: none */
	uint32_t guard;	  /* offset of the trace_guard_site of a suspended holder; 0: none */
	char thread[TRACE_NAME_SIZE];
	char holder_thread[TRACE_NAME_SIZE]; /* of a holder outside turns: filled by the launcher */
};

enum deadlock_state {
	DEADLOCK_WAITS = 1, /* a long wait, with a known holder */
	DEADLOCK_CYCLE,	    /* no thread in it can continue */
	DEADLOCK_ENDED,	    /* the wait ended nevertheless */
};

/* Written while the wait is in progress. */
struct trace_deadlock {
	struct trace_record head;
	uint32_t state; /* enum deadlock_state */
	uint32_t executor;
	uint64_t start_ns;
	uint64_t end_ns; /* for one that ended */
	uint64_t count;	 /* number with these stacks */
	uint32_t edge_count;
	uint32_t reserved;
	struct trace_deadlock_edge edges[TRACE_MAX_EDGES];
};

TRACE_ASSERT(sizeof(struct trace_lock_site) == 176, "trace_lock_site");
TRACE_ASSERT(sizeof(struct trace_guard_site) == 152 + 8 * TRACE_GUARD_LINKS, "trace_guard_site");
TRACE_ASSERT(sizeof(struct trace_left_site) == 80, "trace_left_site");
TRACE_ASSERT(sizeof(struct trace_cancel_site) == 88 + 8 * TRACE_GUARD_LINKS, "trace_cancel_site");
TRACE_ASSERT(sizeof(struct trace_deadlock_edge) == 96, "trace_deadlock_edge");
TRACE_ASSERT(sizeof(struct trace_deadlock) == 48 + 96 * TRACE_MAX_EDGES, "trace_deadlock");

#endif
