/* A finding as a report shows it: one for each kind and place. */
#ifndef REPORT_FINDING_H
#define REPORT_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executors/executors.h"
#include "report/tasks/alive.h"
#include "support/hash.h"
#include "kind.h"
#include "report/frames/stack.h"
#include "contract/trace_format.h"
#include "judgement/report/phase.h"
#include "judgement/report/stack.h"

#define FINDING_ID_SIZE 17 /* 16 hexadecimal digits */

struct process;

/* What a finding's stack shows. */
enum stack_role {
	ROLE_BLOCKED,  /* where the thread was blocked */
	ROLE_ACQUIRED, /* where the held object was acquired */
	ROLE_YIELDED,
	ROLE_RELEASED,
	ROLE_SAMPLE,  /* sampled during a stall; weight is the number of samples */
	ROLE_WAITING, /* an edge of a deadlock: where the waiter waits */
	ROLE_HOLDING, /* where the holder holds it, and since when */
};

/* One stack of a finding; members that a role does not use are 0. */
struct finding_stack {
	enum stack_role role;
	struct stack native, script; /* script: interpreter frames; count 0 if there are none */
	uint64_t weight;
	size_t entry; /* for a sample: the frame of its displayed stack in which the turn began */
	size_t turn_place; /* for a sample: entry, or further in: see collecting/turn_places.h */
	size_t id_entry;   /* the same by the rules of former ids */
	const char *thread, *lock; /* kept */
	int64_t tid;
	uint64_t since_ns;     /* how long it has lasted */
	bool suspended;	       /* of a holder: a task that has yielded */
	uint32_t more_threads; /* that are in the same place of a deadlock */
};

/* What a call waited for; members that are not known are NULL or 0. */
struct waited_for {
	enum waited_kind {
		WAITED_FOR_NOTHING, /* not known */
		WAITED_FOR_FILE,
		WAITED_FOR_PIPE,
		WAITED_FOR_SOCKET,
		WAITED_FOR_LISTENER,
		WAITED_FOR_SOCKET_PAIR,
		WAITED_FOR_HOST,
		WAITED_FOR_LOCK,
		WAITED_FOR_CHILD,
	} kind;
	const char *text; /* a path, an address, a host name; kept */
	const char *name; /* of the process at the other end, or of the lock's holder; kept */
	int64_t pid, tid; /* of these */
	int fd;		  /* a standard stream; -1: none of them */
	bool others;	  /* it waited for others too */
	struct finding_stack taken; /* where the holder took the lock */
};

/* The part of a finding that one process contributed. */
struct finding_share {
	const struct process *process;
	uint64_t count, total_ns, max_ns;
};

struct finding {
	char id[FINDING_ID_SIZE];
	/* The id by the first release's rules, for baselines and suppressions; empty: the same. */
	char former_id[FINDING_ID_SIZE];
	/* Of a long turn: the ids of other functions on its stack, by which baselines may know it.
	 */
	char (*path_ids)[FINDING_ID_SIZE];
	size_t path_id_count;
	enum finding_kind kind;
	enum severity severity;
	reason_set reasons;  /* reasons for that severity */
	enum phase phase;    /* phase of its process */
	uint32_t confidence; /* enum confidence */
	uint32_t family;     /* enum executor_family */
	enum finding_root root;
	enum executor_id executor_id;
	const char *executor;	     /* its name; kept, like all strings here */
	const char *call, *category; /* NULL for a kind without one */
	const char *thread;
	const char *what;     /* for lock kinds: "mutex"; for a deadlock the whole description */
	const char *variable; /* the variable that holds it, from a scan: "guard"; NULL: not from a
				 scan */
	const char *spawned_on; /* "a multi_thread tokio runtime"; NULL if unknown */
	uint64_t bytes;		/* size of a large value */
	const char *task;	/* type of the task whose turn it was; NULL if unknown */
	struct stack awaits;	/* from that task inwards: see await_chain.h */
	struct alive alive;	/* what the task owned when it was cancelled there */
	enum script_language language;

	uint64_t count, total_ns, max_ns, off_cpu_ns;
	uint64_t first_ns, last_ns; /* since the start of the process */
	uint64_t harm_events, harm_turns;
	uint64_t yields, waiters; /* held across so many yields; waited for by so many meanwhile */
	uint64_t histogram[TRACE_HISTOGRAM_BUCKETS];

	enum trace_stall stall; /* for a long turn */
	const char *waits_in;	/* at that time: the system call, or NULL */
	const char *channel;	/* and the place in the kernel, or NULL */
	bool unseen;		/* ended before it could be sampled */
	uint64_t long_turns;	/* for a call: turns that it made long */

	bool in_progress;     /* the call was still in progress when the trace was read */
	bool job;	      /* of a process that `ci' or a test runner started */
	bool runner;	      /* of a process that is a test runner of Node, or its worker */
	bool one_poll;	      /* for a root future: the launcher saw one poll that hangs */
	bool running;	      /* the process was still running too */
	uint64_t progress_ns; /* duration so far; 0: unknown */
	uint64_t own_ns;      /* of a turn in progress: without the time that it waited for a CPU */

	struct finding_share *shares; /* one per process, the largest first */
	size_t share_count, share_room;

	/* At least one. The first is the place that a reader should look at; all except samples
	 * distinguish findings. */
	struct finding_stack *stacks;
	size_t stack_count;
	/* Of a deadlock: with the stacks behind stack_count, which repeat others and distinguish
	 * findings all the same, as they did when all were shown; 0: stack_count. */
	size_t id_stack_count;
	size_t left_out_stacks; /* distinct samples beyond stack_count */
	uint64_t left_out_weight;

	/* Its further parts, worst first, linked by next_part: calls made below the same library
	 * call of the program. See collecting/parts.h. */
	struct finding *also, *next_part;
	struct finding *cause; /* another finding that explains this one; NULL */
	int64_t tid;	       /* the only thread in which it was seen; 0: several, or not known */

	const char *test;   /* in an observation: the test that ran; NULL: unknown */
	const char **tests; /* tests in which it was seen, in that order */
	size_t test_count, test_room;

	struct waited_for waited;     /* of the worst observation that has it */
	const char *message, *advice; /* set after finishing */

	UT_hash_handle hh;
	uint64_t key[]; /* equal keys make observations one finding */
};

static inline void finding_take(struct finding *finding, struct verdict verdict)
{
	finding->severity = verdict.severity;
	finding->reasons = verdict.reasons;
}

/* The part of a stack that the program's author knows: the script's if there is one. */
const struct stack *finding_stack_face(const struct finding_stack *stack);

/*
 * Of a long turn that is distinguished from others by a function other than the one that a reader
 * should look at: that function; else NULL.
 */
const struct frame *finding_stack_caller(const struct finding_stack *stack);

/* The first stack's. */
const struct stack *finding_stack(const struct finding *finding);

/* A part is another call of libc below the same library call; else a finding of the same cause. */
static inline bool finding_is_same_call(const struct finding *finding, const struct finding *part)
{
	return finding->kind == KIND_BLOCKING_CALL && part->kind == KIND_BLOCKING_CALL;
}

#endif
