/* A watched call: its subject, and the watch around the real function. */
#ifndef RUNTIME_CALLS_CALL_H
#define RUNTIME_CALLS_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdio_ext.h>

#include "call_memory.h"
#include "runtime/base/compiler.h"
#include "runtime/process/descriptors.h"
#include "runtime/futures/main_script.h"
#include "runtime/libc/call_info.h"
#include "runtime/libc/prototypes.h"
#include "runtime/libc/real.h"
#include "runtime/base/signal_stack.h"
#include "runtime/base/thread.h"
#include "contract/trace_format.h"

/* The subject of a call. Built by the macros below. */
struct call_subject {
	bool watch;	 /* false: with these arguments it cannot wait */
	bool sleeps;	 /* a wait for events with nothing to wait for */
	bool local_name; /* a look-up of this host's own name */
	bool spins;	 /* a busy wait */
	int fd;		 /* -1: none */
	FILE *stream;
	size_t bytes;	     /* bytes written to the stream; 0: not known */
	const char *path;    /* of a file, or of nothing; NULL */
	const char *host;    /* the name to look up; NULL */
	const void *address; /* of the peer that it connects to; NULL */
	socklen_t address_size;
	const void *lock;
	const void *mutex; /* for a wait on a condition: the mutex that it releases */
};

#define ANY		((struct call_subject){ .watch = true, .fd = -1 })
#define WHEN(condition) ((struct call_subject){ .watch = (condition), .fd = -1 })
#define LOOK_UP(name, condition)                                                                   \
	((struct call_subject){ .watch = (condition),                                              \
				.local_name = host_is_local(name),                                 \
				.host = (name),                                                    \
				.fd = -1 })
#define LOOK_UP_LOCAL(local, condition)                                                            \
	((struct call_subject){ .watch = (condition), .local_name = (local), .fd = -1 })
#define PATH(name) ((struct call_subject){ .watch = true, .path = (name), .fd = -1 })
#define PEER(number, to, size)                                                                     \
	((struct call_subject){                                                                    \
		.watch = true, .fd = (number), .address = (to), .address_size = (size) })
#define FD(number)		   ((struct call_subject){ .watch = true, .fd = (number) })
#define FD_WHEN(number, condition) ((struct call_subject){ .watch = (condition), .fd = (number) })
#define STREAM(pointer)		   ((struct call_subject){ .watch = true, .fd = -1, .stream = (pointer) })
#define STREAM_BYTES(pointer, size)                                                                \
	((struct call_subject){ .watch = true, .fd = -1, .stream = (pointer), .bytes = (size) })
/* A flush: an empty buffer writes nothing. NULL: all streams. */
#define STREAM_PENDING(pointer)                                                                    \
	((struct call_subject){                                                                    \
		.watch = !(pointer) || __fpending(pointer) != 0, .fd = -1, .stream = (pointer) })
#define LOCK(address) ((struct call_subject){ .watch = true, .fd = -1, .lock = (address) })
#define LOCK_WHEN(address, condition)                                                              \
	((struct call_subject){ .watch = (condition), .fd = -1, .lock = (address) })
#define CONDITION(address, rests)                                                                  \
	((struct call_subject){ .watch = true, .fd = -1, .lock = (address), .mutex = (rests) })

struct loop;
struct turn;

/*
 * One watched call, on the wrapper's stack. Use:
 *   CALL_WATCH(watch, CALL_read, FD(fd));
 *   return CALL_RESULT(watch, real.read(fd, buf, len));
 *
 * The scope ends the watch when the block returns; if it is left in another way, see
 * call_watch_heal. Enter it only when this_thread.armed; it makes all further checks itself.
 */
struct call_watch {
	bool active;
	bool roots;   /* not watched, but a root future is suspended meanwhile: see
			 futures/root_look.h */
	bool repeats; /* it takes the short way: see call_repeat.h */
	bool failed;  /* the call returned an error */
	bool ready;   /* a poll just before found its descriptor ready */
	bool ended;   /* it returned 0: for a read, end of file */
	int fd_flags; /* O_NONBLOCK and similar flags that it was made with; FLAGS_UNKNOWN */
	int fd_made;  /* for CLASS_OPEN: the descriptor it made, or -1 */
	const char *path_opened; /* then: its path, if known; NULL */
	int fd_hung_up;		 /* for a poll: a pipe that its writer closed, or -1 */
	struct loop *idle; /* not watched: a pool member is idle meanwhile, see loops/loop_pool.h */
	int call;
	struct call_subject subject;
	struct turn *turn;
	enum script_language language;
	uint8_t kind;  /* enum trace_subject */
	uint8_t flags; /* enum site_flags */
	uint16_t level;
	struct call_at at;
	uint64_t start_ns;
	uint64_t cpu_ns;
	int64_t switches;
	uint64_t delay_mark; /* see trace/crowd.h */
	int32_t holder;	     /* tid of the lock's holder, on a crowded machine; 0: not known */
	uint64_t holder_delay_ns, own_delay_ns; /* then: how long they had waited for a CPU */
	size_t stream_pending;
	uintptr_t frame;	     /* stack address of the wrapper, for longjmp */
	char child[TRACE_NAME_SIZE]; /* for CLASS_CHILD: name of the child that it waits for */
};

/* Whether the current call may be watched: the only test in a wrapper. */
static inline bool call_armed(void)
{
	return UNLIKELY(this_thread.armed) && !signal_stack_is_short();
}

/* Same for a call of this class, in Node's main script too. */
static inline __attribute__((always_inline)) bool call_armed_in(enum call_class class)
{
	return main_script_has(class)
		       ? UNLIKELY(this_thread.armed_or_script) && !signal_stack_is_short()
		       : call_armed();
}

/*
 * The common cases in a turn: a call whose arguments exclude a wait, and a transfer on a
 * non-blocking descriptor. They need no further work, unless the loop's reach is being learnt from
 * its calls.
 */
static inline bool call_passes(enum call_class class, struct call_subject subject)
{
	return !subject.watch || (class == CLASS_TRANSFER && !this_thread.loop_learns &&
				  descriptor_never_waits(subject.fd));
}

void call_watch_begin(struct call_watch *watch, int call, struct call_subject subject);
void call_watch_end(struct call_watch *watch);

#define CALL_WATCH(watch, number, what)                                                            \
	__attribute__((cleanup(call_watch_end))) struct call_watch watch;                          \
	call_watch_begin(&watch, number, what)

/*
 * For a thread that seems to be in a watched call: repairs its state if that call was left by a
 * longjmp, an exception or cancellation, which skip our clean-up. `frame` is a current stack
 * address: if it is above the call's own, the call was left.
 */
void call_watch_heal(uintptr_t frame);

/* The result, and a note whether it is 0 or an error: NULL for a pointer, -1 for anything else. */
#define CALL_RESULT(watch, call)                                                                   \
	({                                                                                         \
		__auto_type call_result = (call);                                                  \
		const intptr_t call_error = __builtin_classify_type(call_result) == 5 ? 0 : -1;    \
		(watch).failed = call_result == (__typeof__(call_result))call_error;               \
		(watch).ended = call_result == (__typeof__(call_result))0;                         \
		call_result;                                                                       \
	})

#endif
