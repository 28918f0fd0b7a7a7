/*
 * Why a process makes no progress: the threads of its executors, what each does, and who can end
 * the waits of the blocked ones.
 */
#ifndef REPORT_HANG_H
#define REPORT_HANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executors/executors.h"
#include "report/frames/stack.h"

struct collection;
struct finding;
struct process;
struct session;
struct trace_file;

enum thread_doing {
	DOING_NOTHING, /* waits for work */
	DOING_CALL,    /* in a call that the runtime saw begin */
	DOING_WAIT,    /* asleep within a turn: a system call that bypasses libc, or a page fault */
	DOING_COMPUTE, /* runs a turn */
	DOING_BLOCK_ON, /* waits for a future within a task, for example block_in_place with
			   block_on */
};

enum ender_kind {
	ENDER_UNKNOWN,
	ENDER_TIME,    /* ends by itself */
	ENDER_SELF,    /* the waiting thread holds the lock itself: it can never continue */
	ENDER_THREAD,  /* in the same process */
	ENDER_TASK,    /* a suspended task holds the lock */
	ENDER_PROCESS, /* a child process, or the process with the other end of a pipe */
};

struct ender {
	enum ender_kind kind;
	int64_t id;	   /* thread or process id; 0: unknown */
	const char *name;  /* its name */
	const char *words; /* "g, a MutexGuard<u32>, of a suspended task"; NULL */
	const char *task;  /* type of the suspended task; NULL: unknown */
	uint64_t for_ns;   /* how long the lock has been held; 0: unknown */
	struct stack now;  /* current or suspended position; empty: unknown */
	struct stack acquired;
};

struct hung_thread {
	int32_t tid;
	const char *name; /* kept, like all strings here */
	uint32_t family;  /* enum executor_family */
	enum executor_id executor_id;
	const char *executor;
	bool is_worker; /* belongs to a runtime's pool, not a thread that runs a single future */
	enum thread_doing doing;
	const char *what; /* the call, or the system call; NULL */
	const char
		*function; /* the function that the program called and that made the call; NULL */
	const char *system_call; /* system call within that call, if it has another name; NULL */
	const char *subject;	 /* "a pipe", "a mutex at 0x7f..."; NULL */
	uint64_t lock;		 /* its address; 0: none or unknown */
	uint64_t for_ns;	 /* duration; 0: unknown */
	bool is_turns;		 /* for_ns measures the turn or poll: the wait is shorter */
	const char *task;	 /* type of the polled task; NULL */
	struct stack native, script;
	enum script_language language; /* language of the script */
	struct ender ender;
	bool deadlock; /* it can never continue */
};

/* One that computes. */
struct busy_thread {
	int32_t tid;
	const char *name;
};

enum hang_state {
	HANG_ENDED,   /* the process ended by itself */
	HANG_NONE,    /* no thread is blocked; its tasks wait for external events */
	HANG_IDLE,    /* no thread is blocked; we know of nothing that will wake a task */
	HANG_UNKNOWN, /* nothing is known of its threads and tasks */
	HANG_BUSY,    /* a thread of an unwatched process never waits */
	HANG_BLOCKED, /* some threads are blocked */
	HANG_ALL,     /* all workers of an executor are blocked */
	HANG_DEADLOCK,
};

struct process_pause;

struct hang {
	struct session *session;
	const struct process *process;
	bool takes_time; /* given: look for tasks that can never run again */
	/* Given: ends when the tasks have been read; NULL. */
	struct process_pause *pause;
	uint64_t paused_ns; /* how long the process was stopped for that */
	struct hung_thread *threads;
	size_t count;
	size_t jobs; /* of a process that was not watched: threads of the blocking pool that run
			something */
	struct busy_thread *busy; /* and threads that never waited in the last second */
	size_t busy_count;
	size_t torn;	       /* and tasks that changed every time they were read */
	const char *old_tokio; /* version of a Tokio whose tasks cannot be found; NULL */
	bool is_unwatched, is_core;
	struct finding **findings; /* of tasks that can never run again, the worst first */
	size_t finding_count;
	enum hang_state state;
	const char *verdict; /* one line */
};

/* "deadlock", "hung", "blocked", "busy", "idle", "unknown", "not hung", "ended" */
const char *hang_state_word(enum hang_state state);

#define HANG_WORKER "multi_thread::worker::" /* part of the function names of Tokio's pool */

/*
 * Whether a thread waits for a future within a task's code: the program's code surrounds an
 * executor's wait, and a task's poll surrounds that code.
 */
bool hang_waits_for_future(const struct stack *stack);

/* Whether the frame is of the program's own code in Rust: a static program has libc inside. */
bool hang_is_program(const struct frame *frame);

void hang_set_future_wait(struct hung_thread *thread);

/* "tokio-rt-worker (7053)", or "thread 7053"; kept */
const char *hung_thread_words(struct session *session, const struct hung_thread *thread);

/* The name of a thread of a process that was not watched; kept. A core has none: empty. */
const char *hang_thread_name(const struct hang *hang, const struct trace_file *trace, int32_t tid);

/* Whether the thread has been blocked for long enough to matter. */
bool hung_thread_is_blocked(const struct hung_thread *thread);

/* Room for so many more threads in the list, in the session's memory. */
void hang_make_room(struct hang *hang, size_t more);

/* Lists the threads with all that is known of them, in the session's memory. */
void hang_threads(struct hang *hang, struct collection *collection);

/* Sets the verdict; needs the process's tasks. */
void hang_judge(struct hang *hang);

#endif
