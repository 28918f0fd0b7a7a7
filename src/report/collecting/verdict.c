#include "verdict.h"

#include <string.h>

#include "shared/python_loop.h"

#define ROOT_FLAGS (SITE_ROOT_FUTURE | SITE_ROOT_CURRENT_THREAD | SITE_ROOT_MULTI_THREAD)

/* tokio::task::block_in_place, and what it calls to leave the runtime: around it blocking is
 * allowed. */
static bool is_offload(const struct frame *frame)
{
	return frame_is(frame, "tokio", "block_in_place") ||
	       frame_is(frame, "tokio", "exit_runtime");
}

/* Tokio waiting for work: "...::park", "...::park_timeout", "...::park::{{closure}}". */
static bool is_park(const struct frame *frame)
{
	const char *part;

	if (!frame_is(frame, "tokio", "::park"))
		return false;
	for (part = frame->function; (part = strstr(part, "::park")); part += 6)
		if (part[6] == '\0' || part[6] == '_' || !strncmp(part + 6, "::{", 3))
			return true;
	return false;
}

/* Code that Tokio runs, rather than Tokio itself with what it waits by. */
static bool is_guest(const struct frame *frame)
{
	return frame->owner == OWNER_PROGRAM ||
	       (frame->owner == OWNER_DEPENDENCY && strncmp(frame->package, "parking_lot", 11) &&
		strcmp(frame->package, "lock_api"));
}

static bool may_be_own_wait(const char *category)
{
	return !strcmp(category, "lock") || !strcmp(category, "poll") || !strcmp(category, "other");
}

/* Whether Tokio itself waits, for work or for the end of a worker, rather than what it runs. */
static bool is_parked(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count && !stack->frames[i].turn_boundary; i++) {
		if (is_park(&stack->frames[i]))
			return true;
		if (frame_is(&stack->frames[i], "tokio", "block_on"))
			break;
	}
	return false;
}

/*
 * The root future makes no slot-0 call: a block_on frame is the trace it leaves, and the runtime's
 * own waiting looks alike but for what stands between. Returns the frame's place; count when there
 * is none.
 */
static size_t find_block_on(const struct finding *seen)
{
	const struct stack *stack = &seen->stacks->native;
	bool guest = false;
	size_t i;

	for (i = 0; i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];

		if (frame_is(frame, "tokio", "block_on"))
			break;
		if (frame->turn_boundary)
			return stack->count;
		guest |= is_guest(frame);
	}
	return guest || !may_be_own_wait(seen->category) ? i : stack->count;
}

static bool is_offloaded(const struct stack *stack, size_t end)
{
	for (size_t i = 0; i < end && !stack->frames[i].turn_boundary; i++)
		if (is_offload(&stack->frames[i]))
			return true;
	return false;
}

static bool has_names_of_tokio(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (frame_is(&stack->frames[i], "tokio", ""))
			return true;
	return false;
}

/* Whether a frame is of the library that runs the turns. Around async-task it is many crates. */
static bool is_librarys(const struct finding *seen, const struct frame *frame)
{
	return seen->family == FAMILY_TOKIO ? frame_is(frame, "tokio", "")
					    : frame->owner == OWNER_EXECUTOR && frame->function;
}

/* Whose lock it was that a turn waited for. */
enum lock_owner { LOCK_PROGRAMS, LOCK_LIBRARYS, LOCK_NAMELESS };

static enum lock_owner lock_owner(const struct finding *seen)
{
	const struct stack *stack = &seen->stacks->native;
	bool named = false;

	if (strcmp(seen->category, "lock"))
		return LOCK_PROGRAMS;
	for (size_t i = 0; i < stack->count && !stack->frames[i].turn_boundary; i++) {
		const struct frame *frame = &stack->frames[i];

		/* libc's start_thread and clone3 have names in any program. */
		named |= is_guest(frame) && frame->function && *frame->function;
		if (is_librarys(seen, frame))
			return LOCK_LIBRARYS;
		if (is_guest(frame) && frame->function && *frame->function)
			return LOCK_PROGRAMS;
	}
	return named ? LOCK_PROGRAMS : LOCK_NAMELESS;
}

/*
 * The library's own locks, short and unavoidable. Of a program without symbols nobody can say whose
 * lock it was: then the doubt counts for it, unless it cost an executor its time.
 */
static bool is_own_lock(const struct finding *seen)
{
	enum lock_owner owner = lock_owner(seen);

	return owner == LOCK_LIBRARYS ||
	       (owner == LOCK_NAMELESS && seen->severity < SEVERITY_ERROR);
}

/* It freezes itself alone, or may. */
static void make_weaker(struct finding *seen)
{
	if (seen->severity > SEVERITY_WARNING)
		seen->severity = SEVERITY_WARNING;
	if (seen->confidence > CONFIDENCE_MEDIUM)
		seen->confidence = CONFIDENCE_MEDIUM;
}

/*
 * A thread that loses its processor while it holds one of the library's locks has it back within a
 * few of the scheduler's slices (3 to 4 ms each, for each thread that waits): so long even a short
 * lock may be waited for. A nameless one that took no longer is told, but fails no check; what
 * took longer was held by code that itself waited, and that the library's never does.
 */
#define LONGEST_SHORT_LOCK_NS 20000000

static void doubt_nameless_lock(struct finding *seen)
{
	if (lock_owner(seen) == LOCK_NAMELESS && seen->max_ns < LONGEST_SHORT_LOCK_NS)
		make_weaker(seen);
}

static enum finding_root root_of(uint8_t flags)
{
	return flags & SITE_ROOT_MULTI_THREAD	  ? ROOT_MULTI_THREAD
	       : flags & SITE_ROOT_CURRENT_THREAD ? ROOT_CURRENT_THREAD
						  : ROOT_UNKNOWN;
}

static bool verdict_tokio(struct finding *seen, uint8_t flags)
{
	size_t end = seen->stacks->native.count, block_on = find_block_on(seen);

	if ((flags & ROOT_FLAGS || seen->in_progress) && is_parked(&seen->stacks->native))
		return false;
	/* A call is written down a moment before it is known to be a root future's. */
	if (seen->in_progress && block_on < end && !(flags & ROOT_FLAGS))
		flags |= SITE_ROOT_FUTURE;
	if (flags & ROOT_FLAGS) {
		/* Of a scheduler that the runtime tells by name it is sure, symbols or not. */
		if (block_on == seen->stacks->native.count && flags & SITE_ROOT_FUTURE)
			return false;
		seen->root = root_of(flags);
		/* A current_thread runtime is its own: what lies outside excuses nothing. */
		if (seen->root == ROOT_CURRENT_THREAD)
			end = block_on;
		else
			make_weaker(seen);
	}
	if (is_offloaded(&seen->stacks->native, end))
		return false;
	if (is_own_lock(seen))
		seen->severity = SEVERITY_NOTICE;
	doubt_nameless_lock(seen);
	if (flags & SITE_OFFLOAD_UNSURE && !has_names_of_tokio(&seen->stacks->native))
		seen->confidence = CONFIDENCE_LOW;
	return true;
}

/* A root future may be polled beside tasks, or alone: which, nothing tells. */
static bool verdict_async_task(struct finding *seen, uint8_t flags)
{
	bool own_lock = is_own_lock(seen);

	if (flags & ROOT_FLAGS) {
		seen->root = ROOT_UNKNOWN;
		make_weaker(seen);
		return !own_lock; /* block_on waits for its future */
	}
	if (own_lock)
		seen->severity = SEVERITY_NOTICE;
	doubt_nameless_lock(seen);
	return true;
}

static size_t count_owned(const struct stack *stack, enum frame_owner owner)
{
	size_t count = 0;

	for (size_t i = 0; i < stack->count; i++)
		count += stack->frames[i].owner == owner;
	return count;
}

/* An import that a library makes of its own accord, once: not the author's to avoid. */
static bool is_librarys_import(const struct stack *script)
{
	size_t i = 0;

	while (i < script->count && script->frames[i].file &&
	       strstr(script->frames[i].file, "<frozen importlib"))
		i++;
	return i && i < script->count && script->frames[i].owner != OWNER_PROGRAM;
}

/*
 * What an interpreter's library does of its own accord, by the function that begins it: sources for
 * asyncio's debug mode and for tracebacks, a byte that wakes a pool's thread, a resolver's
 * configuration, a worker's script. Who called for it has nothing to mend.
 */
static const struct doing {
	const char *file, *function; /* the ends of their names; NULL: any function */
	bool alone;		     /* where no code of the program's calls */
} own_doings[] = {
	{ "/linecache.py", NULL, false },
	{ "/concurrent/futures/process.py", "wakeup", false },
	{ "node:internal/dns/utils", NULL, false },
	{ "node:internal/main/worker_thread", NULL, true },
};

static bool ends_with(const char *text, const char *end)
{
	size_t length;

	if (!text)
		return false;
	length = strlen(text);
	return length >= strlen(end) && !strcmp(text + length - strlen(end), end);
}

static bool is_own_doing(const struct stack *script)
{
	bool alone = !count_owned(script, OWNER_PROGRAM) && !count_owned(script, OWNER_DEPENDENCY);

	for (size_t i = 0; i < script->count; i++) {
		const struct frame *frame = &script->frames[i];

		for (size_t j = 0; j < sizeof own_doings / sizeof *own_doings; j++) {
			const struct doing *doing = &own_doings[j];

			if (frame->owner != OWNER_PROGRAM && (alone || !doing->alone) &&
			    ends_with(frame->file, doing->file) &&
			    (!doing->function || ends_with(frame->function, doing->function)))
				return true;
		}
	}
	return false;
}

/* Between two asyncio.run() a thread runs plain code: only below the loop is it held up. */
static bool verdict_python(struct finding *seen, const struct python_loop *loop, bool script_full)
{
	for (size_t i = 0; i < seen->stacks->script.count; i++)
		if (frame_python_loop(&seen->stacks->script.frames[i]) == loop)
			return true;
	if (script_full) { /* a deep stack: what lies further out is not known */
		seen->confidence = CONFIDENCE_LOW;
		seen->severity = SEVERITY_NOTICE;
	}
	return script_full;
}

/* The main greenlet's own code: whether others were there to be held up is not known. */
static void verdict_gevent(struct finding *seen)
{
	const struct stack *native = &seen->stacks->native;

	for (size_t i = 0; i < native->count; i++)
		if (native->frames[i].module && (strstr(native->frames[i].module, "/gevent/") ||
						 strstr(native->frames[i].module, "/greenlet/")))
			return;
	seen->confidence = CONFIDENCE_LOW;
	seen->severity = SEVERITY_NOTICE;
}

/*
 * A panic tells of itself: std's default hook writes the message, and the backtrace that was asked
 * for, which takes hundreds of milliseconds in a debug build. Whoever reads of a panic has worse to
 * mend than the wait.
 */
static bool tells_of_panic(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count && !stack->frames[i].turn_boundary; i++)
		if (frame_is(&stack->frames[i], "std", "panicking::default_hook"))
			return true;
	return false;
}

static bool family_verdict(struct finding *seen, uint8_t flags, bool script_full)
{
	const struct python_loop *loop = python_loop_of_executor(seen->executor_id);

	if (seen->family == FAMILY_TOKIO)
		return verdict_tokio(seen, flags);
	if (seen->family == FAMILY_ASYNC_TASK)
		return verdict_async_task(seen, flags);
	if (loop)
		return verdict_python(seen, loop, script_full);
	if (seen->executor_id == EXECUTOR_gevent)
		verdict_gevent(seen);
	return true;
}

bool verdict(struct finding *seen, uint8_t flags, bool script_full)
{
	if (tells_of_panic(&seen->stacks->native) || is_librarys_import(&seen->stacks->script) ||
	    is_own_doing(&seen->stacks->script))
		seen->severity = SEVERITY_NOTICE;
	return family_verdict(seen, flags, script_full);
}

/* Of any but a current_thread runtime it freezes itself alone, and may have been several polls. */
static void take_root(struct finding *seen, uint8_t flags)
{
	seen->root = root_of(flags);
	if (seen->root == ROOT_CURRENT_THREAD)
		return;
	make_weaker(seen);
	seen->severity = SEVERITY_NOTICE;
}

/* Times the length of a warning; 15 ms of compiling were measured on a busy machine. */
#define OWN_WORK 3

/*
 * An interpreter at work for itself (it compiles a function that is called for the first time,
 * collects garbage, runs a timer of its own library): nothing that could be written otherwise. It
 * may as well be a function that the program called, of which only a script's frames would tell:
 * so it must be short: see OWN_WORK.
 */
static bool is_interpreters_alone(const struct finding *seen)
{
	const struct stack *native = &seen->stacks->native, *script = &seen->stacks->script;

	return !count_owned(native, OWNER_PROGRAM) && !count_owned(script, OWNER_PROGRAM) &&
	       !count_owned(native, OWNER_DEPENDENCY) && !count_owned(script, OWNER_DEPENDENCY) &&
	       count_owned(native, OWNER_STANDARD) + count_owned(script, OWNER_STANDARD);
}

/* How long each lasted, less what others had of the processor meanwhile. */
static uint64_t length_of_each(const struct finding *seen)
{
	uint64_t others_ns = seen->stall == STALL_WAITING ? 0 : seen->off_cpu_ns;

	if (seen->in_progress)
		return seen->progress_ns;
	return seen->total_ns > others_ns && seen->count
		       ? (seen->total_ns - others_ns) / seen->count
		       : 0;
}

bool verdict_long_turn(struct finding *seen, uint8_t flags, bool script_full, uint64_t warning_ns)
{
	const struct python_loop *loop = python_loop_of_executor(seen->executor_id);
	const struct stack *native = &seen->stacks->native;

	if (flags & ROOT_FLAGS)
		take_root(seen, flags);
	if (flags & SITE_UNSEEN) {
		seen->confidence = CONFIDENCE_MEDIUM;
		return true;
	}
	if (tells_of_panic(native) || is_librarys_import(&seen->stacks->script))
		seen->severity = SEVERITY_NOTICE;
	if (seen->family == FAMILY_TOKIO) {
		if (flags & SITE_OFFLOAD_UNSURE && !has_names_of_tokio(native))
			seen->confidence = CONFIDENCE_LOW;
		return !is_offloaded(native, native->count);
	}
	if (seen->severity == SEVERITY_WARNING && seen->family == FAMILY_EVENT_LOOP &&
	    length_of_each(seen) < OWN_WORK * warning_ns && is_interpreters_alone(seen))
		seen->severity = SEVERITY_NOTICE;
	if (loop && seen->stacks->script.count)
		return verdict_python(seen, loop, script_full);
	if (seen->executor_id == EXECUTOR_gevent)
		verdict_gevent(seen);
	return true;
}
