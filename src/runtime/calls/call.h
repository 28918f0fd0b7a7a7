/* clang-format off */
/*
 * The interposed calls: one line each in table.h, from which follow the enumeration, the pointers to
 * the real functions, the exported wrappers and the names in the trace.
 *
 * CALL(class, category, ret, name, params, args, subject)
 *	class     what judgement it gets, enum call_class without CLASS_
 *	category  the report's word for it: sleep file metadata output socket pipe dns lock process ipc
 *	          poll thread other
 *	subject   what it is about, evaluated only inside a watched turn: ANY, WHEN(condition), FD(fd),
 *	          FD_WHEN(fd, condition), STREAM(stream), LOCK(address), LOCK_WHEN(address, condition)
 * CALL_VOID(class, category, name, params, args, subject)
 *	          the same without a result
 * CALL_LOCK(class, kind, ret, name, params, args, address, busy, attempt, within)
 *	          takes a lock, enum trace_lock without TRACE_LOCK_: watched only when `attempt`, the try-variant,
 *	          returns `busy`; `within` tries until `limit`, WAITS_FOR_GOOD where that cannot be
 * CALL_TRY_LOCK(kind, ret, name, params, args, address), CALL_UNLOCK(...)
 *	          takes a lock if it is free; releases it
 * CALL_CONDITION(ret, name, params, args, address, mutex)
 *	          waits for a condition, and leaves the mutex meanwhile
 * CALL_BY_HAND(class, category, ret, name, params)
 *	          its wrapper stands in a file of its own (descriptors it makes or changes, loop waits,
 *	          variadic functions, ...)
 * CALL_SYSTEM(class, category, name)
 *	          a system call that libc has no function for: only a name for `syscall` to judge it under
 */
/* clang-format on */
#ifndef RUNTIME_CALLS_CALL_H
#define RUNTIME_CALLS_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "runtime/base/compiler.h"
#include "descriptors.h"
#include "runtime/base/thread.h"
#include "contract/trace_format.h"

enum call_class {
	CLASS_FORWARD,	  /* only to keep state: never judged */
	CLASS_PURPOSE,	  /* waits by purpose: a sleep, a name look-up, system() */
	CLASS_SYNC,	  /* writes a file to its disk: by purpose, on a real disk */
	CLASS_SPAWN,	  /* waits until a child has begun: asynchronous libraries do it too */
	CLASS_OTHERS,	  /* waits for others: judged by whether it slept */
	CLASS_CHILD,	  /* waits for the end of a process: the same */
	CLASS_LOCK,	  /* waits for a lock */
	CLASS_TRANSFER,	  /* reads or writes a descriptor: judged by its type and mode */
	CLASS_OPEN,	  /* opens a path: judged by what came of it */
	CLASS_STREAM_IN,  /* stdio input: a transfer when the buffer is empty */
	CLASS_STREAM_OUT, /* stdio output: when it reached the descriptor */
	CLASS_OUTPUT,	  /* syslog and kin */
	CLASS_METADATA,	  /* looks at or changes names */
};

/* What a call is about. Built by the macros below. */
struct call_subject {
	bool watch;  /* false: as called, it cannot wait */
	bool sleeps; /* a wait for events that can have none */
	int fd;	     /* -1: none */
	FILE *stream;
	const void *lock;
};

#define ANY			   ((struct call_subject){ .watch = true, .fd = -1 })
#define WHEN(condition)		   ((struct call_subject){ .watch = (condition), .fd = -1 })
#define FD(number)		   ((struct call_subject){ .watch = true, .fd = (number) })
#define FD_WHEN(number, condition) ((struct call_subject){ .watch = (condition), .fd = (number) })
#define STREAM(pointer)		   ((struct call_subject){ .watch = true, .fd = -1, .stream = (pointer) })
#define LOCK(address)		   ((struct call_subject){ .watch = true, .fd = -1, .lock = (address) })
#define LOCK_WHEN(address, condition)                                                              \
	((struct call_subject){ .watch = (condition), .fd = -1, .lock = (address) })

struct call_info {
	const char *name;
	const char *category;
	enum call_class class;
};

struct turn;

extern const struct call_info call_infos[]; /* by enum call_number */

/*
 * One watched call, on the wrapper's stack. Use:
 *
 *	CALL_WATCH(watch, CALL_read, FD(fd));
 *	return CALL_RESULT(watch, real.read(fd, buf, len));
 *
 * The scope ends the watch when the block returns; left in another way, see call_watch_heal. Only
 * to be entered when this_thread.armed; it asks the rest itself.
 */
struct call_watch {
	bool active;
	bool roots;   /* none, but a root future rests meanwhile: see futures/root_look.h */
	bool failed;  /* the call returned an error */
	bool ended;   /* it returned 0: of a read, the end */
	bool hung_up; /* a poll: a writer has closed what it waited for */
	int fd_made;  /* for CLASS_OPEN: the descriptor that came of it, or -1 */
	int call;
	struct call_subject subject;
	struct turn *turn;
	enum script_language language;
	uint8_t kind;  /* enum trace_subject */
	uint8_t flags; /* enum site_flags */
	uint16_t level;
	uint32_t depth;
	uint64_t start_ns;
	uint64_t cpu_ns;
	int64_t switches;
	size_t stream_pending;
	uintptr_t frame; /* stack address of the wrapper, for longjmp */
};

/*
 * The common case in a turn: a transfer on a descriptor that does not block. Nothing else is to be
 * done, unless how far a loop reaches is being learnt from its calls.
 */
static inline bool call_passes(enum call_class class, struct call_subject subject)
{
	return class == CLASS_TRANSFER && !this_thread.loop_learns &&
	       (!subject.watch || descriptor_never_waits(subject.fd));
}

void call_watch_begin(struct call_watch *watch, int call, struct call_subject subject);
void call_watch_end(struct call_watch *watch);

#define CALL_WATCH(watch, number, what)                                                            \
	__attribute__((cleanup(call_watch_end))) struct call_watch watch;                          \
	call_watch_begin(&watch, number, what)

/*
 * For a thread that is in a watched call as far as we know: mends its state if that call was left
 * by a longjmp, an exception or cancellation, none of which pass our clean-up. `frame` is a stack
 * address of now: above the call's own, it has been left.
 */
void call_watch_heal(uintptr_t frame);

/* The result, and a note of whether it is 0, or an error: NULL of a pointer, -1 of anything else.
 */
#define CALL_RESULT(watch, call)                                                                   \
	({                                                                                         \
		__auto_type call_result = (call);                                                  \
		const intptr_t call_error = __builtin_classify_type(call_result) == 5 ? 0 : -1;    \
		(watch).failed = call_result == (__typeof__(call_result))call_error;               \
		(watch).ended = call_result == (__typeof__(call_result))0;                         \
		call_result;                                                                       \
	})

#include "prototypes.h"
#include "real.h"

#endif
