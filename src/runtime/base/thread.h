/*
 * The runtime's state of the calling thread: one small block in static thread-local storage, all
 * zero for a thread that runs no turns.
 */
#ifndef RUNTIME_THREAD_H
#define RUNTIME_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

struct call_memory;
struct executor;
struct held_table;
struct loop;
struct marked;
struct stall_room;
struct task_module;
struct trace_thread;
struct trace_turn_times;
struct turn;

/* Our own code (a library that it calls) for which our wrappers answer instead of libc. */
enum serving {
	SERVING_NOBODY = 0,
	SERVING_UNWINDER, /* pipe2 fails, the signal mask stays: libunwind has no effect on the
			     program */
	SERVING_DUMP,	  /* write to DUMP_FD fills a buffer: CPython's traceback writer */
};

#define QUIET_LOCKS 8

struct quiet_lock {
	uintptr_t lock, caller;
	uint8_t kind; /* enum trace_lock */
};

/* The thread's CPU usage, read now and then: see turns/turn_usage.h. */
struct turn_usage {
	uint64_t ticks; /* when it was read */
	uint64_t cpu_ns;
	int64_t switches;    /* voluntary; -1: not known */
	uint64_t turns;	     /* turns that the thread had begun by then, for any executor */
	uint64_t delay_mark; /* see trace/crowd.h */
};

/* Descriptors plus one, so that a new thread's zeros mean none. */
struct pipe_ends {
	int first, second;
};

#define CHILD_PIPES   3 /* CPython makes one for each stream, and last the status pipe */
#define LAST_CHILDREN 2

struct started_child {
	uint64_t program_ns; /* when it was started, if it executes a program; 0 */
	int32_t pid;
	int pipes[CHILD_PIPES];	  /* read ends: descriptors plus one */
	int written[CHILD_PIPES]; /* write ends */
};

#define NESTED_ALLOWANCES 4 /* nested regions on one thread; deeper ones count for this one */

/* Not a valid descriptor in any program: above every RLIMIT_NOFILE. */
#define DUMP_FD 0x7ffffff0

struct thread_state {
	union {
		struct {
			bool armed; /* in a watched turn and not in our own code: the only test in a
				       wrapper */
			bool main_script; /* runs Node's: see futures/main_script.h */
		};
		uint16_t armed_or_script; /* not 0: the test in the wrapper of a call that may hang
					   */
	};
	bool vforked;	   /* a vfork child on our stack and in our memory: forward only */
	bool dead;	   /* its thread-local destructors have run: forward only */
	bool exempt;	   /* by option: never watched */
	bool root_suspect; /* may run a root future of block_on, which has no hook */
	bool root_polled;  /* a sample found it in one: see futures/root_turn.h */
	bool root_reactor; /* its block_on waits by epoll: each poll of its root future is seen */
	bool loop_has_fds; /* it runs a loop that a close may end */
	bool takes_datagrams; /* waits for its first datagram: see process/phase.h */
	bool takes_signals;   /* made a signalfd that may ask the process to end: see
				 calls/taken_signals.c */
	bool accepts;	      /* it has accepted a connection: see process/phase.h */
	bool made_pipe;	      /* which may be its status pipe: see calls/status_pipe.h */
	bool loop_learns;     /* the reach of its loop is being learnt */
	uint8_t drops_task;   /* > 0 while it drops a task that was not done */
	bool in_call;  /* in a watched call's real function: callbacks are part of the call */
	bool looks_up; /* asks the loader for a real function: see libc/glibc/real.c */
	uintptr_t call_frame;	 /* then: the stack address of the call's watch */
	uint8_t serving;	 /* enum serving */
	uint32_t own_code;	 /* > 0 while our code runs: its calls are not judged */
	uintptr_t own_frame;	 /* then: the outermost stack address of our code */
	struct turn *turn;	 /* the innermost turn */
	struct held_table *held; /* locks taken in its turns; NULL until the first */
	union {
		struct {
			uint16_t holds; /* number of them held now, plus one for a gate being passed
					 */
			uint8_t quiet_holds; /* number of held locks that are only in quiet_locks */
			bool quiet; /* its locks are recorded there: see locks/held_quiet.h */
		};
		uint32_t holds_any; /* not 0: it holds something that must be tracked */
	};
	struct trace_turn_times *turn_times; /* where its turns are counted */
	struct loop *loop;		     /* the event loop whose turn runs */
	int ready_fd; /* plus one: what it last waited for in a turn, and found ready; 0: nothing */
	uintptr_t last_lock; /* the mutex or semaphore that its turn took last */
	uint32_t gate_site; /* offset of the trace_lock_site for which it waited outside turns; 0 */
	uintptr_t gate_lock,
		gate_return; /* then: the lock, and where its release returns to if it is a gate */
	struct trace_thread *slot; /* in the trace; NULL until its first turn */
	unsigned slot_number;
	uint64_t *turn_counter; /* in slot; the turn counter of the next member */
	struct executor *turn_counter_executor;
	bool usage_known;    /* usage was taken in this turn */
	uint8_t short_calls; /* on files: see calls/watch.c */
	struct {
		uint64_t cpu_ns;
		int64_t switches; /* voluntary; -1: not known */
	} usage;
	uint64_t output_ns; /* CLOCK_MONOTONIC when the last wait for a pipe's output that was an
			       error ended */
	uint64_t output_end_ns;	  /* same for a wait for the pipe's end */
	int32_t output_end_child; /* then: the child that owns the pipe; 0: not known */
	int32_t awaited_child;	  /* the child of the last wait; 0: any */
	uintptr_t stack_top;	  /* highest address of its stack, 0 until first used */
	uintptr_t stack_low;	  /* lowest address seen in use */
	uintptr_t signal_stack;	  /* lowest address of its alternate stack; 0: none is known */
	uint32_t coroutine;	  /* last coroutine resumed; 0: the thread's own stack */
	uint32_t resumes;	  /* of coroutines, in turns */
	uint32_t yields;	  /* of these */
	struct quiet_lock quiet_locks[QUIET_LOCKS];
	uintptr_t method_lock;	  /* the lock whose interpreter method is running; 0: none */
	uint8_t method_lock_kind; /* enum trace_lock */
	char *dump;		  /* for SERVING_DUMP */
	uint32_t dump_size, dump_used;
	char name[16]; /* empty: the process's */

	/*
	 * From here on: what one room alone keeps for a thread. What is large lies in a mapping:
	 * thread-local memory is taken from every thread's stack.
	 */
	struct turn_usage turn_usage;	/* shortly before its current turn began */
	struct turn_usage paused_usage; /* when a part began that is not the turn's */
	/* From stack_known to the top, its own stack is readable without gaps; 0: not checked. */
	uintptr_t stack_known;
	uintptr_t stack_missing; /* the last page found missing below: a guard page */
	const char *allowances[NESTED_ALLOWANCES]; /* reasons: see turns/allowance.h */
	unsigned allowances_open;
	unsigned loop_victim;	     /* entry of its loops that is replaced next */
	struct turn *allowance_turn; /* its clock stands still in the outermost region */
	uint64_t allowance_ticks;    /* then: what it had counted before */
	struct turn *marked_turns;   /* of regions that the program marks: loops/annotated.h */
	unsigned marked_depth;
	int timer;			 /* index in the sampler's timers; 0: none */
	struct marked *marked_call;	 /* see calls/marked.h */
	struct call_memory *call_memory; /* NULL until the first watched call */
	struct stall_room *stall_room;
	struct {
		uint64_t turn, since; /* 0: none */
		struct turn *root;    /* of a main script, which is not on the stack of turns */
	} asked_sample;		      /* requested from V8, which takes it at its next safe point */
	const struct task_module *async_task_module; /* whose executor is known */
	struct executor *async_task_executor;
	struct {
		struct trace_site *site; /* NULL: none */
		uint64_t start_ns;
		uint32_t woken; /* tasks that waited meanwhile */
	} root_blocked;		/* the last long call of a root future: futures/root_harm.h */
	struct executor *root_executor; /* of the root futures that it may run */
	uint64_t root_taken_ns;		/* since_ns of the last recorded observation */
	uint8_t root_block_on[16];	/* the block_on in which it parked last */
	uint8_t root_misses;		/* stack walks without a block_on */
	bool timer_stopped;		/* the sampler's signal is blocked */
	bool place_recorded;		/* of a named thread's wait: see loops/named.h */
	unsigned pipes_made, children_started;
	struct pipe_ends pipe_made, status_pipe;		  /* see calls/status_pipe.h */
	struct started_child children[LAST_CHILDREN], next_child; /* see calls/child_pipes.h */
};

extern THREAD_LOCAL struct thread_state this_thread;

/* Not 0 while the process certainly has one thread; may stay 0 after other threads have ended. */
extern const char *thread_is_alone __attribute__((visibility("hidden")));

/* Start-up, on the first thread. */
void thread_init(void);

/* Recomputes .armed; call it after any change to its inputs. Defined in turns/turn.c. */
void thread_arm(void);

/* In a forked child: its parent's turns and calls don't continue. */
void thread_forked(void);

/*
 * The thread ends: close: everything it does from here on is treated as ours. end: frees its
 * memory.
 */
void thread_state_close(void);
void thread_state_end(void);

/* Its tid, as gettid(2) returns it. No system call. */
int thread_tid(void);

/* Highest address of the calling thread's stack. No system call. */
uintptr_t thread_stack_top(void);

/*
 * Whether an address is on the calling thread's own stack, between the caller's frame and its top.
 * False for a coroutine's or an alternate signal stack.
 */
bool thread_on_own_stack(uintptr_t address);

int own_code_begin(void *frame);
void own_code_end(const int *saved_errno);

COLD void own_code_left(uintptr_t frame);

/* For the rest of the enclosing block, however it is left; preserves errno. */
#define OWN_CODE_SCOPE                                                                             \
	__attribute__((cleanup(own_code_end), unused)) const int own_code_errno =                  \
		own_code_begin(__builtin_frame_address(0))

/*
 * For the program's code at this stack address: a signal handler may have left our code by a
 * siglongjmp, skipping the end of its scope. Then the frames of that scope are gone.
 */
static inline void own_code_heal(void *frame)
{
	if (UNLIKELY(this_thread.own_code))
		own_code_left((uintptr_t)frame);
}

/* Whether a call from this stack address must be answered for our own code. */
static inline bool thread_serves(enum serving whom, void *frame)
{
	if (this_thread.serving != whom)
		return false;
	own_code_heal(frame);
	return this_thread.serving == whom;
}

#endif
