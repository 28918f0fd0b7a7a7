/*
 * Trace records of sites: distinct stacks of distinct calls, and what they waited for. A part of
 * trace_format.h, which includes it.
 */
#ifndef YIELDSAN_TRACE_SITES_H
#define YIELDSAN_TRACE_SITES_H

enum site_kind {
	SITE_BLOCKING_CALL = 1,
	SITE_LONG_TURN = 2, /* a turn that took too long; the stack: where it was first sampled */
	SITE_SAMPLE = 3,    /* what such a turn was doing; total_ns: for how long, approximately */
};

/* The object of the call. */
enum trace_subject {
	SUBJECT_NONE = 0,
	SUBJECT_REGULAR_FILE, /* on a disk */
	SUBJECT_MEMORY_FILE,  /* on /proc, /sys, tmpfs, a memfd; /dev/null */
	SUBJECT_DIRECTORY,
	SUBJECT_PIPE, /* or a FIFO */
	SUBJECT_SOCKET,
	SUBJECT_TERMINAL,
	SUBJECT_DEVICE,
	SUBJECT_EVENT, /* eventfd, timerfd, epoll, inotify, ... */
	SUBJECT_LOCK,
};

enum site_flags {
	SITE_ROOT_FUTURE = 1,	      /* in block_on's own future; scheduler not known */
	SITE_ROOT_CURRENT_THREAD = 2, /* in block_on's own future, on a current_thread runtime */
	SITE_ROOT_MULTI_THREAD = 4,   /* the same on a multi_thread runtime: delays only itself */
	SITE_OFFLOAD_UNSURE = 8,      /* block_in_place could not be detected yet */
	SITE_APPENDS = 16,	      /* output, or a descriptor opened O_APPEND */
	SITE_ALLOWED = 32, /* of a call in progress: it may block, in this region or always */
	SITE_UNSEEN = 64,  /* a long turn that ended before it could be sampled: the stack is its
			      task's poll function, or the function that ended it */
	SITE_SLEEPS = 128, /* a wait for events without a descriptor: only for its time-out */
};

/* The first two in an event loop: Node's main script, before the loop turns. */
#define SITE_MAIN_SCRIPT SITE_ROOT_FUTURE
#define SITE_LOOP_WAITS	 SITE_ROOT_CURRENT_THREAD /* it had started something by then */

/* What a thread did in a long turn; replaces the subject in the turn's site. */
enum trace_stall {
	STALL_UNKNOWN = 0,
	STALL_BUSY,	/* it ran */
	STALL_WAITING,	/* it slept */
	STALL_RUNNABLE, /* it was runnable but not scheduled */
};

#define TRACE_DOUBTED	     2

#define TRACE_NO_SYSTEM_CALL 0 /* else the call's number + 1 */
#define TRACE_PAGE_FAULT     UINT32_MAX

enum severity {
	SEVERITY_NONE = 0,
	SEVERITY_NOTICE,
	SEVERITY_WARNING,
	SEVERITY_ERROR,
	SEVERITIES,
};

/*
 * For calls on files shorter than this, one in TRACE_SLEEP_SAMPLES is checked for whether it slept,
 * and stands for the others: then off_cpu_ns is an estimate.
 */
#define TRACE_SHORT_CALL_NS 50000
#define TRACE_SLEEP_SAMPLES 16

/*
 * One distinct stack of one call. The runtime judges each event and counts it under its severity.
 */
struct trace_site {
	struct trace_record head;
	uint16_t kind;	   /* enum site_kind */
	uint16_t alerted;  /* enum severity: the program was halted, stopped or called for it */
	uint32_t call;	   /* offset of the trace_call */
	uint32_t executor; /* offset of the trace_executor */
	uint32_t stack;	   /* offset of the trace_stack: where it blocked */
	uint32_t script;   /* offset of the trace_script or trace_script_lines; 0 */
	uint16_t level;	   /* see trace_executor.level */
	uint8_t flags;	   /* enum site_flags */
	uint8_t subject;   /* enum trace_subject */
	/*
	 * 0: seen only in a turn that a loop of no known library has not ended by waiting again. If
	 * it was the last one, and the process ended by exit, the event may belong to code after
	 * the loop.
	 */
	uint32_t confirmed; /* or TRACE_DOUBTED: another loop waits now, and it counts only if this
			       one waits again */
	union {
		uint32_t system_call;	/* of a waiting long turn: TRACE_NO_SYSTEM_CALL, ... */
		uint32_t shared_frames; /* of another one: so many outermost frames, of its script
					   if it has one, are of functions that all samples of the
					   turn have; 0: not known */
	};
	uint64_t hash;
	uint64_t counts[SEVERITIES]; /* events by severity; [SEVERITY_NONE] is unused */
	uint64_t total_ns;
	uint64_t max_ns;
	uint64_t off_cpu_ns; /* part of total_ns: off the CPU after a voluntary switch */
	uint64_t first_ns;   /* CLOCK_MONOTONIC of its first and last event */
	uint64_t last_ns;
	uint64_t harm_events; /* events that the loop's next waits returned at once after these
				 turns */
	uint64_t harm_turns;  /* turns for which harm_events was measured. For a root future of
				 Tokio: tasks that waited for it, and calls for which some did */
	char thread[TRACE_NAME_SIZE]; /* first thread in which it was seen */
	uint32_t histogram[TRACE_HISTOGRAM_BUCKETS];
	char channel[24]; /* for a waiting long turn: kernel function in which it slept */
	union {
		uint64_t long_turns;   /* for a blocking call: turns that it made long */
		uint64_t client_turns; /* for a long turn: those during which a client of a server
					  that had started waited for its answer */
	};
	uint64_t reasons[SEVERITIES]; /* of events by severity: reason_set (judgement/reason.h) */
	int32_t tid;		      /* the only thread in which it was seen; 0: several */
	uint32_t waited_for; /* offset of the trace_waited_for; 0: not asked; 1: not known */
};

#define TRACE_WAITED_TEXT 192

enum trace_waited {
	WAITED_PATH = 1, /* text: of a file, or the kernel's name of a pipe: "pipe:[42]" */
	WAITED_PEER,	 /* text: the peer's socket address */
	WAITED_LISTENER, /* text: the socket's own address */
	WAITED_HOST,	 /* text: the name that was looked up */
	WAITED_LOCK,
	WAITED_CHILD, /* a child process: pid and name */
};

/*
 * What the first events of a site waited for, found out when they were recorded. A socket's address
 * is kept as the kernel returned it.
 */
struct trace_waited_for {
	struct trace_record head;
	uint32_t kind;		    /* enum trace_waited */
	int32_t pid;		    /* the process at the other end; 0: not known */
	int32_t holder;		    /* tid of the thread that held the lock; 0: not known */
	uint32_t acquired;	    /* offset of the trace_stack where it took it; 0: not known */
	uint32_t fd;		    /* the descriptor + 1; 0: none */
	uint32_t others;	    /* 1: later events waited for something else too */
	uint32_t subject;	    /* enum trace_subject */
	uint32_t text_size;	    /* valid bytes of text */
	char name[TRACE_NAME_SIZE]; /* of that process, or thread */
	char text[TRACE_WAITED_TEXT];
};

#endif
