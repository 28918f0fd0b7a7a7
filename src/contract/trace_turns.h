/*
 * Trace records of turns, their lengths, and the tasks that had them. A part of trace_format.h,
 * which includes it.
 */
#ifndef YIELDSAN_TRACE_TURNS_H
#define YIELDSAN_TRACE_TURNS_H

/*
 * The clock for turns. Its ticks are nanoseconds of CLOCK_MONOTONIC, or those of the time-stamp
 * counter: ns of a tick = ns + ((tick - ticks) * scale >> 32). The last record of a trace is the
 * most exact.
 */
struct trace_clock {
	struct trace_record head;
	uint64_t scale;
	uint64_t ticks, ns; /* of one moment, updated now and then */
	uint32_t counter;   /* 1: the time-stamp counter */
	uint32_t reserved;
};

/*
 * The distribution of turn lengths of one executor, to three digits: page 0 counts lengths below
 * 1024 ns one by one, page n those from 2^(n+9) ns, in 1024 steps to twice that.
 */
#define TRACE_LENGTH_STEPS 1024
#define TRACE_LENGTH_PAGES 34 /* longer turns count in the last step */

struct trace_turn_lengths {
	struct trace_record head;
	uint32_t executor; /* offset of the trace_executor */
	uint32_t wait;	   /* offset of the trace_stack of an event loop's own wait; 0 */
	uint64_t turns;
	uint64_t busy_ns; /* in turns, without those nested in others of the same executor */
	uint64_t span_ns; /* time since their first turn, of threads that ended or now run for
			     another executor */
	uint64_t max_ns;
	uint32_t pages[TRACE_LENGTH_PAGES]; /* offsets of trace_length_counts; 0: all are 0 */
};

struct trace_length_counts {
	struct trace_record head;
	uint32_t counts[TRACE_LENGTH_STEPS];
};

/* A task type: the future for which its poll function was generated names it. */
struct trace_task_type {
	struct trace_record head;
	uint32_t executor; /* offset of the trace_executor; 0: it had no turn yet */
	uint32_t number;   /* as in trace_turn_times */
	uint64_t vtable;   /* its key: two types may share a poll function */
	uint64_t poll;	   /* address of the function */
	uint64_t turns;
	uint64_t total_ns;
	uint64_t max_ns;
};

/*
 * Polled tasks. A finished task stays until its memory is reused for another one, unless its end
 * was seen.
 */
#define TRACE_TASK_TYPE_BITS 16

struct trace_task {
	uint64_t task;	 /* address of its header << TRACE_TASK_TYPE_BITS | number of its
			    trace_task_type (0: none); 0: free */
	uint64_t polled; /* ticks: when its last poll began; 0: not known */
};

struct trace_tasks {
	struct trace_record head;
	uint32_t count;	   /* entries, including free ones */
	uint32_t first;	   /* bytes from the end of this struct to the first entry */
	uint64_t replaced; /* entries that were replaced */
	uint64_t reserved;
};

/*
 * Tasks of one type that waited in one place when their process was killed, and were not polled
 * since. Read from outside by `yieldsan run', which appends them to the trace. Followed by: the
 * awaits, from the task inward; the guards that each task held; the tasks, as in trace_task.task.
 * Awaits and guards are indexes in the layout of the file with the type's poll function
 * (contract/layout.h).
 */
#define TRACE_SUSPENDED_AWAITS 32
#define TRACE_SUSPENDED_GUARDS 8

struct trace_suspended {
	struct trace_record head;
	uint32_t type;			       /* number of the trace_task_type */
	uint32_t layout_version, layout_count; /* of that layout: its format, its values */
	uint32_t awaits, guards, tasks;	       /* how many of each */
};

struct trace_suspended_guard {
	uint32_t value;
	uint32_t depth;	  /* number of awaits up to the one that contains the variable */
	uint64_t address; /* of the lock's word, for the first task seen */
};

/*
 * Tasks that can never run again: a group that waits for each other, or one that has no waker.
 * `yieldsan run` reads it from outside, and appends it after the process has ended. Followed by the
 * tasks: first those of the ring. Awaits and values are indexes in the layout of the file with the
 * task's poll function.
 */
enum stuck_kind { STUCK_RING, STUCK_LOST };

enum stuck_flags {
	STUCK_HAS_HANDLE = 1,	 /* somebody has its JoinHandle */
	STUCK_JOINED_BY_SET = 2, /* one that can never run again itself */
};

struct trace_stuck {
	struct trace_record head;
	uint32_t kind, flags; /* enum stuck_kind, stuck_flags */
	uint32_t tasks;	      /* that follow */
	uint32_t ring;	      /* how many of the first wait for each other */
	uint32_t more;	      /* tasks that are not listed and wait for these */
	uint32_t reserved;
	uint64_t seen_ns; /* CLOCK_MONOTONIC: the last look that found them so */
};

#define TRACE_STUCK_TASKS  16
#define TRACE_STUCK_AWAITS 24

enum stuck_wait {
	STUCK_WAITS_FOR_NOTHING,
	STUCK_WAITS_FOR_LOCK,
	STUCK_WAITS_FOR_PERMIT,
	STUCK_WAITS_FOR_TASK,
	STUCK_WAITS_FOR_MESSAGE,
	STUCK_WAITS_FOR_ROOM,
	STUCK_WAITS_FOR_ONESHOT,
	STUCK_WAITS,
};

struct trace_stuck_task {
	uint64_t task;			       /* address of its header; 0: a root future */
	uint64_t poll;			       /* its poll function; or where block_on was */
	uint64_t polled_ns;		       /* when its last poll began; 0: not known */
	uint32_t layout_version, layout_count; /* of that layout: its format, its values */
	uint32_t wait;			       /* enum stuck_wait */
	uint32_t waits;			       /* how many things it waits for */
	uint64_t object;		       /* what it waits for: its address */
	uint32_t joined;		       /* for a task: its number here; UINT32_MAX */
	uint32_t awaits;
	struct trace_await links[TRACE_STUCK_AWAITS];
	/* What it has that another one of them waits for. UINT32_MAX: nothing. */
	uint32_t held, held_machine, held_state, reserved;
	uint64_t held_object;
};

/*
 * Tasks of asyncio that wait for each other: written as trace_stuck is. Followed by text, for each
 * task: name TAB name of the task that it waits for NEWLINE; its frames as in a trace_script; an
 * empty line.
 */
struct trace_python_ring {
	struct trace_record head;
	uint32_t tasks;		    /* that wait for each other: the text may have fewer */
	uint32_t more;		    /* tasks that wait for these */
	uint64_t since_ns, seen_ns; /* CLOCK_MONOTONIC: the first and the last look that found it */
	uint32_t text_size;
	uint32_t reserved;
};

/* Turns that a thread has not added to its executor's turn lengths yet. */
#define TRACE_RECENT_TURNS 64
#define TRACE_TURN_NESTED  UINT32_C(0x80000000) /* nested in another turn of the same executor */

struct trace_turn_times {
	struct trace_record head;
	uint32_t thread;      /* offset of the trace_thread */
	uint32_t executor;    /* offset of the trace_executor; 0: none */
	uint64_t since;	      /* ticks: its first turn there */
	uint32_t count;	      /* of recent */
	uint32_t sample;      /* offset of the first SITE_SAMPLE of the next turn */
	uint64_t sample_turn; /* its start, in ticks */
	uint32_t look;	      /* offset of the trace_look; 0: not observed from outside */
	uint32_t type;	      /* of the current turn's task, once that turn is long */
	uint32_t timeline;    /* offset of the trace_timeline; 0: none is kept */
	uint32_t root;	      /* offset of the trace_root; 0: none */
	struct {
		uint32_t ns;   /* UINT32_MAX: this or longer, and added already */
		uint32_t type; /* number of a trace_task_type; 0: none. And TRACE_TURN_NESTED */
	} recent[TRACE_RECENT_TURNS];
};

/*
 * What `yieldsan run` sees from outside of a thread in a long turn. It writes this into room
 * allocated by the runtime, for one turn at a time. Valid while sequence is even, for the turn that
 * began at `turn`.
 */
#define TRACE_LOOK_FRAMES 64

struct trace_look {
	struct trace_record head;
	uint32_t sequence;
	uint32_t stall;	   /* enum trace_stall: what it does at the moment */
	uint64_t turn;	   /* start of the turn, in ticks; or TRACE_ROOT_TURN and what follows */
	uint64_t since_ns; /* CLOCK_MONOTONIC of the first observation */
	uint64_t last_ns;
	uint64_t ran_ns;      /* between the two: on a CPU */
	uint64_t runnable_ns; /* waiting for a CPU */
	uint64_t reported_ns; /* how long the turn was when it was last reported live */
	uint32_t system_call; /* where it waits: TRACE_NO_SYSTEM_CALL, ... */
	uint32_t depth;
	char channel[24];
	uint64_t frames[TRACE_LOOK_FRAMES]; /* where it waits; as in a trace_stack */
};

/*
 * A thread that may poll root futures, which have no hook: where Tokio's state is in its memory. 16
 * bytes that differ for each block_on, then an aligned word.
 */
#define TRACE_ROOT_STATE 20

struct trace_root {
	struct trace_record head;
	uint64_t state;	 /* address; 0: not known yet */
	uint64_t turn;	 /* start of the turn that represents a poll in which it was sampled */
	uint8_t runtime; /* index in state: 0 on a current_thread runtime, 1 on others */
	uint8_t budget;	 /* index in state: 1 while a future is polled, then its remaining budget */
	uint8_t marks;	 /* samples of that turn at which the poll still had the last one's mark */
	uint8_t reserved[5];
};

/*
 * In an observation of a root future: combined with the number of turns that the thread had begun.
 */
#define TRACE_ROOT_TURN		(UINT64_C(1) << 63)
#define TRACE_ROOT_MULTI_THREAD (UINT64_C(1) << 62)

/* A ring of a thread's last turns: turn n is at n % size. */
struct trace_timeline {
	struct trace_record head;
	uint32_t size;
	uint32_t reserved;
	uint64_t next; /* n of the next turn */
	struct trace_timeline_turn {
		uint64_t start; /* in ticks */
		uint64_t ns;
		uint32_t executor; /* offset */
		uint32_t type;	   /* as in trace_turn_times */
	} turns[];
};

TRACE_ASSERT(sizeof(struct trace_clock) == 40, "trace_clock");
TRACE_ASSERT(sizeof(struct trace_turn_lengths) == 48 + 4 * TRACE_LENGTH_PAGES, "turn_lengths");
TRACE_ASSERT(sizeof(struct trace_length_counts) == 8 + 4 * TRACE_LENGTH_STEPS, "length_counts");
TRACE_ASSERT(sizeof(struct trace_task_type) == 56, "trace_task_type");
TRACE_ASSERT(sizeof(struct trace_tasks) == 32, "trace_tasks");
TRACE_ASSERT(sizeof(struct trace_task) == 16, "trace_task");
TRACE_ASSERT(sizeof(struct trace_suspended) == 32, "trace_suspended");
TRACE_ASSERT(sizeof(struct trace_suspended_guard) == 16, "trace_suspended_guard");
TRACE_ASSERT(sizeof(struct trace_stuck) == 40, "trace_stuck");
TRACE_ASSERT(sizeof(struct trace_stuck_task) == 80 + 8 * TRACE_STUCK_AWAITS, "trace_stuck_task");
TRACE_ASSERT(sizeof(struct trace_python_ring) == 40, "trace_python_ring");
TRACE_ASSERT(sizeof(struct trace_look) == 96 + 8 * TRACE_LOOK_FRAMES, "trace_look");
TRACE_ASSERT(sizeof(struct trace_timeline) == 24, "trace_timeline");
TRACE_ASSERT(sizeof(struct trace_turn_times) == 56 + 8 * TRACE_RECENT_TURNS, "turn_times");

#endif
