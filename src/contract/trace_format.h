/*
 * The trace: records that the runtime writes into a shared mapping and the tools read.
 *
 * The file is one header followed by records, which never move. A record that is being filled has
 * type RECORD_UNFINISHED; its type is stored last. Counters in a record may change while it is
 * read: each is one machine word, and valid by itself. Offsets are in bytes from the start of the
 * file; 0 means none. All integers have the byte order of the machine that wrote them.
 *
 * A reader trusts nothing: it checks every offset, size and count against the file, and skips
 * record types it does not know.
 */
#ifndef YIELDSAN_TRACE_FORMAT_H
#define YIELDSAN_TRACE_FORMAT_H

#include <stdint.h>

#define TRACE_MAGIC   "YSANTRC" /* with its NUL: eight bytes */
#define TRACE_VERSION 7
#define TRACE_SUFFIX  ".yieldsan"
/*
 * A process without room for its trace leaves an empty file. If an executor then runs a turn, which
 * is lost, this bit is added to the file's mode, because there is no room for anything else.
 */
#define TRACE_LOST_MODE 0100
/* Likewise for a trace that was truncated while it was written. */
#define TRACE_CUT_MODE		0010
#define TRACE_ALIGN		8
#define TRACE_MAX_FRAMES	128
#define TRACE_NAME_SIZE		16 /* a thread's name: TASK_COMM_LEN, with its NUL */
#define TRACE_SCRIPT_SIZE	2048
#define TRACE_HISTOGRAM_BUCKETS 36 /* bucket n: shorter than 2^n ns, and not in bucket n - 1 */
#define TRACE_UNWATCHED_SIZE	256
#define TRACE_THREAD_EXECUTORS	4

/* How the process ended, as far as it could record that. */
enum trace_end {
	TRACE_END_UNKNOWN = 0,	/* running, or killed */
	TRACE_END_EXITED = 1,	/* code: the exit status */
	TRACE_END_SIGNALED = 2, /* code: the signal; written by the launcher */
	TRACE_END_EXECED = 3,	/* replaced by another program */
};

struct trace_header {
	char magic[8];
	uint32_t version;
	uint32_t header_size; /* the first record begins here */
	uint64_t file_size;   /* bytes that may be used */
	uint64_t used; /* bytes allocated, including this header; may exceed file_size when full */

	int32_t pid;
	int32_t parent_pid;
	uint64_t start_wall_ns;	     /* CLOCK_REALTIME when the runtime started in this process */
	uint64_t start_boot_ns;	     /* CLOCK_BOOTTIME at the same moment: detects a reused pid */
	uint64_t start_monotonic_ns; /* CLOCK_MONOTONIC at the same moment: the clock of all times
					below */

	uint32_t end; /* enum trace_end */
	int32_t end_code;
	uint64_t end_ns;

	uint64_t lost_events; /* findings, turns or calls that could not be recorded */
	uint64_t lost_sites;  /* of these: events whose new stack found no room */
	uint32_t process;     /* offset of the trace_process */
	uint32_t flags;	      /* enum trace_flags */
	/*
	 * Written by `yieldsan run', in CLOCK_MONOTONIC: when it last checked whether more threads
	 * are runnable than there are CPUs, and when that was last so. 0: never.
	 */
	uint64_t looked_ns;
	uint64_t crowded_ns;
	uint64_t delayed_ns;	  /* total time that threads have waited for a CPU; 0: not known */
	uint64_t lost_errors;	  /* part of lost_events that were errors */
	uint64_t asked_to_end_ns; /* first SIGTERM, SIGINT or SIGQUIT, or exit(); 0: none */
	uint64_t reserved;
	/* The last period in which threads waited for disks: its start and end. */
	uint64_t disks_busy_since_ns, disks_busy_until_ns;
};

enum trace_flags {
	TRACE_SECCOMP = 1,     /* a seccomp filter: the runtime makes no more system calls */
	TRACE_NO_UNWINDER = 2, /* libunwind could not be loaded: stacks contain only the caller */
	TRACE_NO_ROOT_FUTURES = 4,     /* Tokio without symbols: no turns of block_on */
	TRACE_NO_LAYOUT = 8,	       /* Tokio futures without a layout: held values not seen */
	TRACE_UNWINDER_OF_SYSTEM = 16, /* the library has no libunwind inside: it loaded one */
};

enum record_type {
	RECORD_UNFINISHED = 0,
	RECORD_PROCESS,
	RECORD_MODULE,
	RECORD_EXECUTOR,
	RECORD_THREAD,
	RECORD_CALL,
	RECORD_STACK,
	RECORD_SCRIPT,
	RECORD_SITE,
	RECORD_CLOCK,
	RECORD_TURN_LENGTHS,
	RECORD_LENGTH_COUNTS,
	RECORD_TASK_TYPE,
	RECORD_TURN_TIMES,
	RECORD_ALLOWANCE,
	RECORD_LOOK,
	RECORD_TIMELINE,
	RECORD_LOCK_SITE,
	RECORD_DEADLOCK,
	RECORD_UNWATCHED,
	RECORD_SCRIPT_LINE,
	RECORD_SCRIPT_LINES,
	RECORD_TASKS,
	RECORD_GUARD_SITE,
	RECORD_CANCEL_SITE,
	RECORD_LEFT_SITE,
	RECORD_ROOT,
	RECORD_SUSPENDED,
	RECORD_SERVER,
	RECORD_TEST,
	RECORD_WAITED_FOR,
	RECORD_STUCK,
	RECORD_PYTHON_RING,
	RECORD_TYPES, /* number of known types */
};

struct trace_record {
	uint32_t type; /* enum record_type */
	uint32_t size; /* bytes, including this head; a multiple of TRACE_ALIGN */
};

/*
 * The process. Followed by strings, each ended by a NUL: executable, options (YIELDSAN_OPTIONS as
 * given), then argc arguments.
 */
struct trace_process {
	struct trace_record head;
	uint32_t argc;
	uint32_t text_size; /* bytes that follow */
};

/*
 * A program started with an environment that does not load the runtime: neither it nor its children
 * are watched.
 */
struct trace_unwatched {
	struct trace_record head;
	char path[TRACE_UNWATCHED_SIZE]; /* as given, truncated, ended by a NUL; empty: it was not
					    started after all */
};

/*
 * A loaded object. Another object may use the same address range after a dlclose: loaded_ns and
 * unloaded_ns decide to which one a stack belongs. Followed by its path, ended by a NUL.
 */
struct trace_module {
	struct trace_record head;
	uint64_t base;	/* added to the file's virtual addresses (dlpi_addr) */
	uint64_t start; /* lowest and highest address of its segments */
	uint64_t end;
	uint64_t loaded_ns;
	uint64_t unloaded_ns;	/* 0: still loaded */
	uint32_t build_id_size; /* valid bytes of build_id */
	uint8_t build_id[32];
	uint32_t path_size; /* including its NUL */
};

enum executor_family {
	FAMILY_UNKNOWN = 0,
	FAMILY_TOKIO,
	FAMILY_ASYNC_TASK,
	FAMILY_EVENT_LOOP,
	FAMILY_COROUTINE,
	FAMILY_ANNOTATED,
	FAMILY_OPTION,
};

enum confidence {
	CONFIDENCE_LOW = 0,
	CONFIDENCE_MEDIUM,
	CONFIDENCE_HIGH,
};

/* One kind of executor in this process: "tokio", "libuv", an event loop by its call site. */
struct trace_executor {
	struct trace_record head;
	uint32_t family;     /* enum executor_family */
	uint32_t confidence; /* enum confidence: how certain the recogniser is of these turns */
	uint32_t confirmed;  /* 0: a loop on probation: its sites do not count (yet) */
	/*
	 * How many frames above its own wait the loop reaches. A site with a higher level was
	 * outside the loop, unless the loop waited again afterwards, which raises this value.
	 */
	uint32_t level;
	uint32_t threads_ended; /* ended threads that ran turns here */
	uint32_t number;	/* its index in the process, from 0 */
	uint64_t turns_ended;	/* turns of threads that ended, or changed their executor */
	uint64_t own_waits; /* waits of the interpreter itself (CPython's GIL, V8): not reported as
			       findings */
	uint64_t own_waits_ns;
	char name[48];
};

/*
 * The call that a thread is in, written before a call that may wait. Valid while sequence is odd.
 */
struct trace_call_in_progress {
	uint32_t sequence;
	uint32_t call;	   /* offset of the trace_call */
	uint32_t executor; /* offset of the trace_executor */
	uint8_t subject;   /* enum trace_subject */
	uint8_t flags;	   /* enum site_flags */
	uint16_t level;	   /* see trace_executor.level */
	uint64_t start_ns;
	uint32_t depth;
	uint32_t script_size; /* valid bytes of script */
	uint64_t frames[TRACE_MAX_FRAMES];
	char script[TRACE_SCRIPT_SIZE]; /* as in trace_script */
};

/* A thread that ran a turn. Reused after the thread has ended. */
struct trace_thread {
	struct trace_record head;
	int32_t tid;
	uint32_t alive;
	char name[TRACE_NAME_SIZE];
	uint32_t executor;   /* offset: of the current or last turn */
	uint32_t call_on;    /* of the call in progress: descriptor + 1, or the child; 0: none */
	uint64_t turn_start; /* ticks of the trace_clock; 0: in no timed turn */
	struct {
		uint32_t executor; /* offset; 0: free */
		uint32_t reserved;
		uint64_t turns;
	} turns[TRACE_THREAD_EXECUTORS];
	struct trace_call_in_progress call;
};

/* A libc function named by a site or a call in progress. */
struct trace_call {
	struct trace_record head;
	uint32_t number; /* internal to the runtime; readers ignore it */
	uint32_t class;	 /* enum call_class (judgement/call_class.h) */
	char name[40];
	char category[16]; /* as in the report: sleep, file, metadata, output, socket, pipe, dns,
			      lock, ... */
};

enum trace_stack_flags {
	TRACE_STACK_NOT_KEPT = 1,   /* not recorded, because its turn took very many locks */
	TRACE_STACK_BELOW_LOOP = 2, /* run by an event loop, whose own frames are left out */
	TRACE_STACK_MERGED = 4,	    /* stands for many notices that share only this frame */
};

/* Return addresses, innermost first: the first one is in the function that called libc. */
struct trace_stack {
	struct trace_record head;
	uint32_t depth;
	uint32_t flags;	 /* enum trace_stack_flags */
	uint32_t script; /* offset of a trace_script_lines; 0: none */
	uint32_t reserved;
	uint64_t frames[];
};

/*
 * An interpreter's frames, innermost first, one per line: function TAB file TAB line NEWLINE. For a
 * function of JavaScript without a name, TAB and the line where it begins may stand before NEWLINE.
 */
struct trace_script {
	struct trace_record head;
	uint32_t language; /* enum script_language */
	uint32_t text_size;
	char text[];
};

/* A line of scripts, without its NEWLINE; each is written once. */
struct trace_script_line {
	struct trace_record head;
	uint64_t hash;
	uint32_t text_size;
	char text[];
};

/* A script as a list of lines. */
struct trace_script_lines {
	struct trace_record head;
	uint32_t language; /* enum script_language */
	uint32_t count;
	uint32_t lines[]; /* offsets of trace_script_line */
};

enum script_language {
	SCRIPT_NONE = 0,
	SCRIPT_PYTHON,
	SCRIPT_JAVASCRIPT,
};

#include "trace_sites.h"

/* A thread with a listening socket, or a datagram socket with a port, or that accepts. */
struct trace_server {
	struct trace_record head;
	int32_t tid;
	uint32_t executor;   /* offset of the trace_executor whose turns it ran last; 0: none */
	uint64_t listens_ns; /* CLOCK_MONOTONIC of the first time; 0: it never did */
	uint64_t accepts_ns;
};

/*
 * A reason given by the program for allowed regions, and the number of events in them. There may be
 * several records of one reason.
 */
struct trace_allowance {
	struct trace_record head;
	uint64_t events;
	char reason[112];
};

/* Text was in the environment when the process started: another process set it. */
#define TRACE_TEST_INHERITED 1

/*
 * The test that ran when the records after it were made, up to the next record of this type.
 * Followed by text_size bytes: the value of the environment variable that names it.
 */
struct trace_test {
	struct trace_record head;
	uint32_t flags;
	uint32_t depth; /* frames: where the recording thread was made, then where its maker was */
	uint32_t text_size;
	uint32_t reserved;
	uint64_t frames[];
};

#ifdef __cplusplus
#define TRACE_ASSERT static_assert
#else
#define TRACE_ASSERT _Static_assert
#endif
TRACE_ASSERT(sizeof(struct trace_header) == 168, "trace_header");
TRACE_ASSERT(sizeof(struct trace_process) == 16, "trace_process");
TRACE_ASSERT(sizeof(struct trace_unwatched) == 264, "trace_unwatched");
TRACE_ASSERT(sizeof(struct trace_module) == 88, "trace_module");
TRACE_ASSERT(sizeof(struct trace_executor) == 104, "trace_executor");
TRACE_ASSERT(sizeof(struct trace_call_in_progress) == 32 + 8 * TRACE_MAX_FRAMES + TRACE_SCRIPT_SIZE,
	     "call");
TRACE_ASSERT(sizeof(struct trace_thread) == 112 + sizeof(struct trace_call_in_progress),
	     "trace_thread");
TRACE_ASSERT(sizeof(struct trace_call) == 72, "trace_call");
TRACE_ASSERT(sizeof(struct trace_stack) == 24, "trace_stack");
TRACE_ASSERT(sizeof(struct trace_script) == 16, "trace_script");
TRACE_ASSERT(sizeof(struct trace_server) == 32, "trace_server");
TRACE_ASSERT(sizeof(struct trace_waited_for) == 56 + TRACE_WAITED_TEXT, "trace_waited_for");
TRACE_ASSERT(sizeof(struct trace_allowance) == 128, "trace_allowance");
TRACE_ASSERT(sizeof(struct trace_site) == 368, "trace_site");
TRACE_ASSERT(sizeof(struct trace_test) == 24, "trace_test");

#include "trace_locks.h"
#include "trace_turns.h"

/* A sum that changes with any size, and with the order of the records. */
#define TRACE_SIZES                                                                                \
	(1 * sizeof(struct trace_header) + 2 * sizeof(struct trace_record) +                       \
	 3 * sizeof(struct trace_process) + 4 * sizeof(struct trace_unwatched) +                   \
	 5 * sizeof(struct trace_module) + 6 * sizeof(struct trace_executor) +                     \
	 7 * sizeof(struct trace_call_in_progress) + 8 * sizeof(struct trace_thread) +             \
	 9 * sizeof(struct trace_call) + 10 * sizeof(struct trace_stack) +                         \
	 11 * sizeof(struct trace_script) + 12 * sizeof(struct trace_script_line) +                \
	 13 * sizeof(struct trace_script_lines) + 14 * sizeof(struct trace_site) +                 \
	 15 * sizeof(struct trace_server) + 16 * sizeof(struct trace_allowance) +                  \
	 17 * sizeof(struct trace_lock_site) + 18 * sizeof(struct trace_await) +                   \
	 19 * sizeof(struct trace_guard_site) + 20 * sizeof(struct trace_cancel_site) +            \
	 21 * sizeof(struct trace_left_site) + 22 * sizeof(struct trace_deadlock_edge) +           \
	 23 * sizeof(struct trace_deadlock) + 24 * sizeof(struct trace_clock) +                    \
	 25 * sizeof(struct trace_turn_lengths) + 26 * sizeof(struct trace_length_counts) +        \
	 27 * sizeof(struct trace_task_type) + 28 * sizeof(struct trace_task) +                    \
	 29 * sizeof(struct trace_tasks) + 30 * sizeof(struct trace_suspended) +                   \
	 31 * sizeof(struct trace_suspended_guard) + 32 * sizeof(struct trace_turn_times) +        \
	 33 * sizeof(struct trace_look) + 34 * sizeof(struct trace_root) +                         \
	 35 * sizeof(struct trace_timeline) + 36 * sizeof(struct trace_stuck) +                    \
	 37 * sizeof(struct trace_stuck_task) + 38 * sizeof(struct trace_python_ring))

/* A reader must not read records of another version. */
TRACE_ASSERT(TRACE_VERSION == 7 && TRACE_SIZES == 264184,
	     "a record of the trace changed: raise TRACE_VERSION and state both here");

#endif
