/*
 * What keeps a process from going on: the threads of its executors, what each of them does, and who
 * can end the waits of those that are blocked.
 */
#ifndef REPORT_HANG_H
#define REPORT_HANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "executors/executors.h"
#include "report/frames/stack.h"

struct collection;
struct process;
struct session;

enum thread_doing {
	DOING_NOTHING,	/* it waits for work */
	DOING_CALL,	/* a call that the runtime saw begin */
	DOING_WAIT,	/* asleep in a turn: in a system call past libc, or a page fault */
	DOING_COMPUTE,	/* a turn that runs */
	DOING_BLOCK_ON, /* waits for a future within a task, as by block_in_place and block_on */
};

enum ender_kind {
	ENDER_UNKNOWN,
	ENDER_TIME,    /* it ends by itself */
	ENDER_SELF,    /* the waiting thread holds the lock: it cannot end */
	ENDER_THREAD,  /* of the same process */
	ENDER_TASK,    /* a suspended task holds the lock */
	ENDER_PROCESS, /* a child, or one that has the other end of a pipe */
};

struct ender {
	enum ender_kind kind;
	int64_t id;	   /* of the thread or process; 0: not known */
	const char *name;  /* of it */
	const char *words; /* "g, a MutexGuard<u32>, of a suspended task"; NULL */
	const char *task;  /* the type of a suspended task; NULL: not known */
	uint64_t for_ns;   /* how long it has held the lock; 0: not known */
	struct stack now;  /* where it is, or is suspended; empty: not known */
	struct stack acquired;
};

struct hung_thread {
	int32_t tid;
	const char *name; /* kept, as all strings here */
	uint32_t family;  /* enum executor_family */
	enum executor_id executor_id;
	const char *executor;
	bool is_worker; /* of a runtime's pool, and not a thread that runs a single future */
	enum thread_doing doing;
	const char *what;	 /* the call, or the system call; NULL */
	const char *function;	 /* that the program called, and which made the call; NULL */
	const char *system_call; /* within that call, where it is another; NULL */
	const char *subject;	 /* "a pipe", "a mutex at 0x7f..."; NULL */
	uint64_t lock;		 /* its address; 0: none, or not known */
	uint64_t for_ns;	 /* how long; 0: not known */
	bool is_turns;		 /* for_ns is the turn's, or the poll's: the wait is shorter */
	const char *task;	 /* the type of the task that is polled; NULL */
	struct stack native, script;
	enum script_language language; /* of script */
	struct ender ender;
	bool deadlock; /* it can never go on */
};

enum hang_state {
	HANG_ENDED,   /* the process has ended by itself */
	HANG_NONE,    /* no thread is blocked, and what its tasks wait for comes from outside */
	HANG_IDLE,    /* no thread is blocked; nothing is known to wake a task */
	HANG_BLOCKED, /* some threads are */
	HANG_ALL,     /* all workers of an executor are */
	HANG_DEADLOCK,
};

struct hang {
	struct session *session;
	const struct process *process;
	struct hung_thread *threads;
	size_t count;
	enum hang_state state;
	const char *verdict; /* one line */
};

/* "deadlock", "hung", "blocked", "idle", "not hung", "ended" */
const char *hang_state_word(enum hang_state state);

/* Whether the thread is blocked, for so long that it matters. */
bool hung_thread_is_blocked(const struct hung_thread *thread);

/* The threads, with all that is known of them. In the session's memory. */
void hang_threads(struct hang *hang, struct collection *collection);

/* The verdict; the process's tasks must be there. */
void hang_judge(struct hang *hang);

#endif
