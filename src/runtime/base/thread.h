/*
 * What the runtime knows of the present thread: one small block in static thread-local storage, all
 * zero for a thread that runs no turns.
 */
#ifndef RUNTIME_THREAD_H
#define RUNTIME_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

struct turn;
struct trace_thread;
struct executor;
struct held_table;

/* What code of ours (a library called by it) needs our wrappers to answer in libc's place. */
enum serving {
	SERVING_NOBODY = 0,
	SERVING_UNWINDER, /* pipe2 fails, the signal mask stays: libunwind leaves no mark on the
			     program */
	SERVING_DUMP,	  /* write to DUMP_FD fills a buffer: CPython's traceback writer */
};

#define QUIET_LOCKS 8

struct quiet_lock {
	uintptr_t lock, caller;
	uint8_t kind; /* enum trace_lock */
};

/* A descriptor that no program has: beyond any RLIMIT_NOFILE. */
#define DUMP_FD 0x7ffffff0

struct thread_state {
	bool armed;   /* in a watched turn and not in our own code: the one thing a wrapper tests */
	bool vforked; /* a vfork child on our stack and in our memory: forward, touch nothing */
	bool dead;    /* its thread-local destructors have run: forward */
	bool exempt;  /* by option: never watched */
	bool root_suspect; /* may run a root future of block_on, which makes no turn of its own */
	bool root_polled;  /* a sample met it in one: see executors/root_turn.h */
	bool root_reactor; /* its block_on waits by epoll: no poll of its root future is missed */
	bool loop_has_fds; /* it runs a loop, which may end by a close */
	bool takes_datagrams; /* its first one has not come: see process/phase.h */
	bool accepts;	      /* it has accepted a connection: see process/phase.h */
	bool made_pipe;	      /* one may be its status pipe: see calls/status_pipe.h */
	bool loop_learns;     /* how far its loop reaches is being found out */
	uint8_t drops_task;   /* > 0 while a task is dropped that was not done */
	bool in_call; /* within a watched call's real function: what it calls back is part of it */
	uintptr_t call_frame; /* then: the stack address of its watch */
	uint8_t serving;      /* enum serving */
	uint32_t own_code;    /* > 0 while our code runs: the calls it makes are nobody's fault */
	uintptr_t own_frame;  /* then: the stack address of the outermost of it */
	struct turn *turn;    /* the innermost turn */
	struct held_table *held; /* locks taken in its turns; NULL until the first */
	union {
		struct {
			uint16_t holds; /* how many of them it holds now; and one for a gate it goes
					   through */
			uint8_t quiet_holds; /* how many it holds that are in quiet_locks alone */
			bool quiet;	     /* its locks go there: see locks/held_quiet.h */
		};
		uint32_t holds_any; /* not 0: there is something to look after */
	};
	uintptr_t last_lock; /* the mutex that its turn took last */
	uint32_t gate_site;  /* offset of the trace_lock_site it waited for, outside turns; 0 */
	uintptr_t gate_lock, gate_return; /* then: which lock, and where its release returns to if
					     it is a gate */
	struct trace_thread *slot;	  /* in the trace; NULL until its first turn */
	unsigned slot_number;
	uint64_t *turn_counter; /* in slot; counts the turns of the next */
	struct executor *turn_counter_executor;
	bool usage_known;    /* usage was taken in this turn */
	uint8_t short_calls; /* on files: see calls/watch.c */
	struct {
		uint64_t cpu_ns;
		int64_t switches; /* voluntary; -1: not known */
	} usage;
	uint64_t output_ns;	/* CLOCK_MONOTONIC when a wait for a pipe's output ended that was an
				   error */
	uint64_t output_end_ns; /* the same of a wait for its end */
	int32_t output_end_child; /* then: whose pipe it was; 0: not known */
	int32_t awaited_child;	  /* the last wait for one child; 0: for any */
	uintptr_t stack_top;	  /* highest address of its stack, 0 until asked for */
	uintptr_t stack_low;	  /* lowest address seen in use */
	uintptr_t signal_stack;	  /* lowest address of its alternate stack; 0: none is known */
	uint32_t coroutine;	  /* which was resumed last; 0: the thread's own stack runs */
	uint32_t resumes;	  /* of coroutines, in turns */
	uint32_t yields;	  /* of these */
	struct quiet_lock quiet_locks[QUIET_LOCKS];
	uintptr_t method_lock;	  /* a lock's method of an interpreter is under way; 0: none */
	uint8_t method_lock_kind; /* enum trace_lock */
	char *dump;		  /* for SERVING_DUMP */
	uint32_t dump_size, dump_used;
	char name[16]; /* empty: the process's */
};

extern THREAD_LOCAL struct thread_state this_thread;

/* Not 0 while the process has one thread for certain; it may stay 0 when others have ended. */
extern const char *thread_is_alone __attribute__((visibility("hidden")));

/* Start-up, on the first thread. */
void thread_init(void);

/* Computes .armed anew; to be called after any change to what it depends on. In turns/turn.c. */
void thread_arm(void);

/* In a forked child: no turn and no call of its parent's goes on. */
void thread_forked(void);

/* The thread ends: from here on all that it does is ours; then it gives back its memory. */
void thread_state_close(void);
void thread_state_end(void);

/* Its number, as gettid(2) has it. No system call. */
int thread_tid(void);

/* Highest address of the present thread's stack. No system call. */
uintptr_t thread_stack_top(void);

/*
 * Whether an address lies on the present thread's own stack, between the caller's frame and its
 * top. False on a coroutine's or an alternate signal stack.
 */
bool thread_on_own_stack(uintptr_t address);

int own_code_begin(void *frame);
void own_code_end(const int *saved_errno);

COLD void own_code_left(uintptr_t frame);

/* For the rest of the enclosing block, however it is left; the program finds errno as it was. */
#define OWN_CODE_SCOPE                                                                             \
	__attribute__((cleanup(own_code_end), unused)) const int own_code_errno =                  \
		own_code_begin(__builtin_frame_address(0))

/*
 * For the program's code at this stack address: a signal's handler may have left ours by a
 * siglongjmp, past the end of its scope. Then the frames of that scope are no more.
 */
static inline void own_code_heal(void *frame)
{
	if (UNLIKELY(this_thread.own_code))
		own_code_left((uintptr_t)frame);
}

/* Whether a call from this stack address is one that our code needs answered. */
static inline bool thread_serves(enum serving whom, void *frame)
{
	if (this_thread.serving != whom)
		return false;
	own_code_heal(frame);
	return this_thread.serving == whom;
}

#endif
