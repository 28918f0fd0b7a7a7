/* A finding: what a report shows, one for each kind and place. */
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

/* What a stack of a finding shows. */
enum stack_role {
	ROLE_BLOCKED,  /* where the thread was held up */
	ROLE_ACQUIRED, /* where what is held was taken */
	ROLE_YIELDED,
	ROLE_RELEASED,
	ROLE_SAMPLE,  /* seen during a stall; weight counts how often */
	ROLE_WAITING, /* an edge of a deadlock: who waits where */
	ROLE_HOLDING, /* and who holds, since where */
};

/* One stack of a finding; what a role does not use is 0. */
struct finding_stack {
	enum stack_role role;
	struct stack native, script; /* script: of the interpreter; count 0 where there is none */
	uint64_t weight;
	size_t entry;		   /* of a sample: the frame of its face that the turn began in */
	size_t id_entry;	   /* the same by the rules of former ids */
	const char *thread, *lock; /* kept */
	int64_t tid;
	uint64_t since_ns; /* how long it has been so */
};

/* What one process had of a finding. */
struct finding_share {
	const struct process *process;
	uint64_t count, total_ns, max_ns;
};

struct finding {
	char id[FINDING_ID_SIZE];
	/* What the first release would have said, in baselines and suppressions; empty: the same.
	 */
	char former_id[FINDING_ID_SIZE];
	enum finding_kind kind;
	enum severity severity;
	reason_set reasons;  /* why it has that severity */
	enum phase phase;    /* of its process */
	uint32_t confidence; /* enum confidence */
	uint32_t family;     /* enum executor_family */
	enum finding_root root;
	enum executor_id executor_id;
	const char *executor;	     /* its name; kept, as all strings here */
	const char *call, *category; /* NULL for a kind that has none */
	const char *thread;
	const char *what; /* of a kind about locks: "mutex", or of a deadlock all that is wrong */
	const char *variable;	/* that holds it, of a scan: "guard"; NULL: this is no scan's */
	const char *spawned_on; /* "a multi_thread tokio runtime"; NULL when not known */
	uint64_t bytes;		/* of what is large */
	const char *task;	/* the type of the task whose turn it was; NULL when not known */
	struct stack awaits;	/* from that task inward: see await_chain.h */
	struct alive alive;	/* what it had when it was cancelled there */
	enum script_language language;

	uint64_t count, total_ns, max_ns, off_cpu_ns;
	uint64_t first_ns, last_ns; /* since the start of the process */
	uint64_t harm_events, harm_turns;
	uint64_t yields, waiters; /* held over so many; so many waited for it meanwhile */
	uint64_t histogram[TRACE_HISTOGRAM_BUCKETS];

	enum trace_stall stall; /* of a long turn */
	const char *waits_in;	/* then: the system call, or NULL */
	const char *channel;	/* and where in the kernel, or NULL */
	bool unseen;		/* it was over before anybody looked */
	uint64_t long_turns;	/* of a call: turns that it made long */

	bool in_progress;     /* a call had not ended when the trace was read */
	bool running;	      /* nor had the process */
	uint64_t progress_ns; /* how long it took so far; 0: not known */

	struct finding_share *shares; /* one a process, the largest first */
	size_t share_count, share_room;

	/* At least one. The first is the place that a reader should look at; all but samples tell
	 * findings apart. */
	struct finding_stack *stacks;
	size_t stack_count;
	size_t left_out_stacks; /* distinct samples beyond stack_count */
	uint64_t left_out_weight;

	/* Its further parts, the worst first, linked by next_part: calls that the program made by
	 * the same call of a library's function. See collecting/parts.h. */
	struct finding *also, *next_part;

	const char *message, *advice; /* once all is in */

	UT_hash_handle hh;
	uint64_t key[]; /* what makes two observations one finding */
};

static inline void finding_take(struct finding *finding, struct verdict verdict)
{
	finding->severity = verdict.severity;
	finding->reasons = verdict.reasons;
}

/* Of a stack, the face that the author of the program knows: the script's where there is one. */
const struct stack *finding_stack_face(const struct finding_stack *stack);

/* The first stack's. */
const struct stack *finding_stack(const struct finding *finding);

#endif
