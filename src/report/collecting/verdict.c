#include "verdict.h"

#include <string.h>

#include "judgement/report/stack.h"
#include "librarys_import.h"
#include "own_wait.h"
#include "shared/python_loop.h"
#include "shared/text.h"

#define ROOT_FLAGS (SITE_ROOT_FUTURE | SITE_ROOT_CURRENT_THREAD | SITE_ROOT_MULTI_THREAD)

/* tokio::task::block_in_place, and the functions by which it leaves the runtime: blocking is
 * allowed within. */
static bool frame_is_offload(const struct frame *frame)
{
	return frame_is(frame, "tokio", "block_in_place") ||
	       frame_is(frame, "tokio", "exit_runtime");
}

/* Tokio waits for work: "...::park", "...::park_timeout", "...::park::{{closure}}". */
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

/* Crates of locks and of values that are initialised once: whose lock it is shows who called them.
 */
static bool is_lock_wrapper(const struct frame *frame)
{
	static const char *const crates[] = { "parking_lot", "parking_lot_core", "lock_api",
					      "once_cell", "lazy_static" };
	const char *behind;

	for (size_t i = 0; i < sizeof crates / sizeof *crates; i++) {
		if (frame->package && !strcmp(frame->package, crates[i]))
			return true;
		behind = frame->function ? text_behind(frame->function, crates[i]) : NULL;
		if (behind && !strncmp(behind, "::", 2))
			return true;
	}
	return false;
}

/* Code that Tokio runs, as opposed to Tokio itself and what it waits with. */
static bool is_guest(const struct frame *frame)
{
	return (frame->owner == OWNER_PROGRAM || frame->owner == OWNER_DEPENDENCY) &&
	       !is_lock_wrapper(frame);
}

static bool may_be_own_wait(const char *category)
{
	return !strcmp(category, "lock") || !strcmp(category, "poll") || !strcmp(category, "other");
}

/* Whether Tokio itself waits, for work or for the end of a worker, rather than the code that it
 * runs. */
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
 * A root future makes no slot-0 call; only the block_on frame shows it. The runtime's own wait
 * looks alike except for the frames in between. Returns the frame's place, or count if there is
 * none.
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
		if (frame_is_offload(&stack->frames[i]))
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

/* Whether a frame belongs to the library that runs the turns. For async-task these are several
 * crates. */
static bool is_librarys(const struct finding *seen, const struct frame *frame)
{
	return seen->family == FAMILY_TOKIO ? frame_is(frame, "tokio", "")
					    : frame->owner == OWNER_EXECUTOR && frame->function;
}

/* The mutex in a std channel is held only for moments; a full channel parks the thread instead. */
static bool is_channel_lock(const struct stack *stack)
{
	bool contended = false;

	for (size_t i = 0; i < stack->count && stack->frames[i].owner != OWNER_PROGRAM; i++) {
		const struct frame *frame = &stack->frames[i];

		contended |= frame_is(frame, "std", "lock_contended");
		if (contended && (frame_is(frame, "std", "sync::mpsc::") ||
				  frame_is(frame, "std", "sync::mpmc::")))
			return true;
	}
	return false;
}

static enum lock_owner lock_code_owner(const struct finding *seen)
{
	const struct stack *stack = &seen->stacks->native;
	bool named = false;

	if (strcmp(seen->category, "lock"))
		return LOCK_OF_NONE;
	if (is_channel_lock(stack))
		return LOCK_OF_CHANNEL;
	for (size_t i = 0; i < stack->count && !stack->frames[i].turn_boundary; i++) {
		const struct frame *frame = &stack->frames[i];

		/* libc's start_thread and clone3 have names in any program. */
		named |= is_guest(frame) && frame->function && *frame->function;
		if (is_librarys(seen, frame))
			return LOCK_OF_LIBRARY;
		if (is_guest(frame) && frame->function && *frame->function)
			return LOCK_OF_PROGRAM;
	}
	return named ? LOCK_OF_PROGRAM : LOCK_NAMELESS;
}

static enum finding_root finding_root_of(const struct finding *seen, uint8_t flags)
{
	if (seen->family == FAMILY_EVENT_LOOP)
		return ROOT_MAIN_SCRIPT;
	return flags & SITE_ROOT_MULTI_THREAD	  ? ROOT_MULTI_THREAD
	       : flags & SITE_ROOT_CURRENT_THREAD ? ROOT_CURRENT_THREAD
						  : ROOT_UNKNOWN;
}

static size_t count_owned(const struct stack *stack, enum frame_owner owner)
{
	size_t count = 0;

	for (size_t i = 0; i < stack->count; i++)
		count += stack->frames[i].owner == owner;
	return count;
}

/*
 * Work that an interpreter's library starts itself, by the function that begins it: sources for
 * asyncio's debug mode and for tracebacks, a byte that wakes a pool's thread, a resolver's
 * configuration, a worker's script, the end of a loop's own pool. The program's author cannot fix
 * it.
 */
static const struct doing {
	const char *file, *function; /* suffixes of the names; NULL: any function */
	bool alone;		     /* only without frames of the program */
} own_doings[] = {
	{ "/linecache.py", NULL, false },
	{ "/concurrent/futures/process.py", "wakeup", false },
	{ "/asyncio/unix_events.py", "_sock_sendfile_native_impl", false },
	{ "/asyncio/base_events.py", "shutdown_default_executor", false },
	{ "/twisted/internet/base.py", "_stopThreadPool", false },
	{ "node:internal/dns/utils", NULL, false },
	{ "node:internal/main/worker_thread", NULL, true },
};

/*
 * Node runs the body of a CommonJS main script before the loop's first turn, but that of an ES
 * module or a worker's script within a turn.
 */
static bool is_module_body(const struct stack *script)
{
	const struct frame *last = script->count ? &script->frames[script->count - 1] : NULL;

	/* A worker's stack may be cut here; on the main thread this is outside any turn. */
	if (last && last->file &&
	    (!strcmp(last->file, "node:internal/modules/esm/module_job") ||
	     !strcmp(last->file, "node:internal/modules/run_main")))
		return true;
	for (size_t i = 0; script->frames && i < script->count; i++)
		if (script->frames[i].file &&
		    !strcmp(script->frames[i].file, "node:internal/main/worker_thread"))
			return true;
	return false;
}

/* A Node worker thread creating its heap: outside its loop, with a clock that it read. */
static bool is_worker_start(const struct stack *native)
{
	bool worker = false;

	for (size_t i = 0; i < native->count; i++) {
		const char *function = native->frames[i].function;

		if (function && !strcmp(function, "uv_run"))
			return false;
		worker |= function && !strncmp(function, "node::worker::", 14);
	}
	return worker;
}

static bool is_of_function(const struct frame *frame, const char *file, const char *function)
{
	return frame->owner != OWNER_PROGRAM && frame->file && text_ends(frame->file, file) &&
	       (!function || (frame->function && text_ends(frame->function, function)));
}

/* asyncio.run() ends the loop's pool. uvloop's part of it has no frame in Python. */
static bool is_end_of_pool(const struct stack *script)
{
	for (size_t i = 0; i + 1 < script->count; i++)
		if (is_of_function(&script->frames[i], "/threading.py", "join"))
			return is_of_function(&script->frames[i + 1], "/asyncio/runners.py", NULL);
	return false;
}

static bool is_own_doing(const struct stack *script)
{
	bool alone = !count_owned(script, OWNER_PROGRAM) && !count_owned(script, OWNER_DEPENDENCY);

	for (size_t i = 0; i < script->count; i++) {
		const struct frame *frame = &script->frames[i];

		for (size_t j = 0; j < sizeof own_doings / sizeof *own_doings; j++) {
			const struct doing *doing = &own_doings[j];

			if ((alone || !doing->alone) &&
			    is_of_function(frame, doing->file, doing->function))
				return true;
		}
	}
	return is_end_of_pool(script);
}

/*
 * Between two asyncio.run() a thread runs plain code, which delays nothing: only frames below the
 * loop count. In gevent and eventlet the main greenlet's code may run while there is no other
 * greenlet, and the stack of another one does not show the loop.
 */
static enum loop_place loop_place(const struct finding *seen, bool script_full)
{
	const struct python_loop *loop = python_loop_of_executor(seen->executor_id);
	const struct stack *native = &seen->stacks->native, *script = &seen->stacks->script;

	for (size_t i = 0; loop && i < script->count; i++)
		if (frame_python_loop(&script->frames[i]) == loop)
			return LOOP_BELOW;
	if (seen->executor_id != EXECUTOR_gevent && seen->executor_id != EXECUTOR_eventlet)
		return !loop ? LOOP_NATIVE : script_full ? LOOP_CUT : LOOP_ABSENT;
	for (size_t i = 0; i < native->count; i++)
		if (native->frames[i].module && (strstr(native->frames[i].module, "/gevent/") ||
						 strstr(native->frames[i].module, "/greenlet/")))
			return LOOP_BELOW;
	return LOOP_MAIN_GREENLET;
}

bool verdict_is_below_loop(const struct finding *seen, bool script_full)
{
	return loop_place(seen, script_full) != LOOP_ABSENT;
}

/*
 * std's default panic hook writes the message and, if enabled, the backtrace, which takes hundreds
 * of milliseconds in a debug build. The panic itself is the worse problem.
 */
static bool is_panic(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count && !stack->frames[i].turn_boundary; i++)
		if (frame_is(&stack->frames[i], "std", "panicking::default_hook"))
			return true;
	return false;
}

/*
 * The interpreter's own work: it compiles a function on its first call, collects garbage, runs a
 * timer of its library. Only script frames would show a function that the program called.
 */
static bool is_interpreter_alone(const struct finding *seen)
{
	const struct stack *native = &seen->stacks->native, *script = &seen->stacks->script;

	return !count_owned(native, OWNER_PROGRAM) && !count_owned(script, OWNER_PROGRAM) &&
	       !count_owned(native, OWNER_DEPENDENCY) && !count_owned(script, OWNER_DEPENDENCY) &&
	       count_owned(native, OWNER_STANDARD) + count_owned(script, OWNER_STANDARD);
}

/* Average length of each, less the time that other processes used the CPU. */
static uint64_t length_of_each(const struct finding *seen)
{
	uint64_t others_ns = seen->stall == STALL_WAITING ? 0 : seen->off_cpu_ns;

	if (seen->in_progress)
		return seen->own_ns;
	return seen->total_ns > others_ns && seen->count
		       ? (seen->total_ns - others_ns) / seen->count
		       : 0;
}

/* Whether libtest runs this code, on any thread. */
static bool is_in_test(const struct stack *stack)
{
	for (size_t i = 0; i < stack->count; i++)
		if (frame_is(&stack->frames[i], "test", "") ||
		    (stack->frames[i].function && !strncmp(stack->frames[i].function, "test::", 6)))
			return true;
	return false;
}

/* Frames of JavaScript in a stack at most: a stack that has them is cut. */
#define NODE_FRAMES 10

/* Packages of Node's test runners, and of the compilers that they call: how their names begin. */
static const char *const runner_packages[] = {
	"@babel/", "@jest/", "@swc/", "@vitest/", "ava",      "babel",	 "esbuild",
	"gensync", "jest",   "mocha", "rollup",	  "tinypool", "ts-jest", "vite",
};

static bool is_of_runner(const struct frame *frame)
{
	for (size_t i = 0; frame->package && i < sizeof runner_packages / sizeof *runner_packages;
	     i++)
		if (text_begins(frame->package, runner_packages[i]))
			return true;
	return frame->file && text_begins(frame->file, "node:internal/modules/");
}

/* tools/node: what names the running test to us. */
static bool is_own_hook(const struct frame *frame)
{
	return frame->file && text_begins(path_name(frame->file), "yieldsan-");
}

/*
 * A test runner of Node loads and compiles modules, reads its caches and writes reports, in turns
 * of the loop on which the tests run. What the tests call has frames of theirs, which a cut stack
 * may not show.
 */
static bool is_runners_work(const struct finding *seen)
{
	const struct stack *script = &seen->stacks->script;
	bool runner = script->count < NODE_FRAMES;

	if (!seen->runner || count_owned(&seen->stacks->native, OWNER_PROGRAM))
		return false;
	for (size_t i = 0; i < script->count; i++) {
		const struct frame *frame = &script->frames[i];

		if (frame->owner == OWNER_PROGRAM && !is_own_hook(frame))
			return false;
		runner |= is_of_runner(frame);
	}
	return runner;
}

/* Common to both kinds of findings. */
static struct stack_facts stack_facts_of(const struct finding *seen, uint8_t flags,
					 bool script_full)
{
	const struct stack *native = &seen->stacks->native;

	return (struct stack_facts){
		.family = seen->family,
		.root = flags & ROOT_FLAGS ? finding_root_of(seen, flags) : ROOT_NONE,
		.loop = seen->family == FAMILY_EVENT_LOOP ? loop_place(seen, script_full)
							  : LOOP_NATIVE,
		.in_progress = seen->in_progress,
		.test = is_in_test(native),
		.job = seen->job,
		.loop_waits = flags & SITE_LOOP_WAITS,
		.offloaded = is_offloaded(native, native->count),
		.offload_unsure = flags & SITE_OFFLOAD_UNSURE && !has_names_of_tokio(native),
		.panic = is_panic(native),
		.library_import = import_is_librarys(&seen->stacks->script),
		.library_body = import_is_around(&seen->stacks->script),
		.runner_work = is_runners_work(seen),
		.module_body = is_module_body(&seen->stacks->script),
	};
}

bool verdict(struct finding *seen, uint8_t flags, bool script_full)
{
	const struct stack *native = &seen->stacks->native;
	struct stack_facts facts = stack_facts_of(seen, flags, script_full);
	struct verdict verdict = { seen->severity, seen->reasons };
	size_t block_on = find_block_on(seen);
	bool reported;

	facts.lock = lock_code_owner(seen);
	facts.kept_task = seen->family == FAMILY_TOKIO && seen->harm_turns;
	facts.block_on = block_on < native->count;
	/* Asio's own code takes no lock and waits for no condition on behalf of the program. */
	facts.parked = is_parked(native) || is_wait_of_library(seen) ||
		       (seen->executor_id == EXECUTOR_asio && facts.lock == LOCK_OF_LIBRARY);
	facts.offloaded_in_root = is_offloaded(native, block_on);
	facts.library_work = is_own_doing(&seen->stacks->script);
	facts.library_body |= import_is_of_package(&seen->stacks->script);
	facts.longest_ns = seen->in_progress ? seen->progress_ns : seen->max_ns;
	reported = stack_judge_call(&facts, &verdict, &seen->confidence);
	finding_take(seen, verdict);
	seen->root = facts.root;
	return reported;
}

bool verdict_long_turn(struct finding *seen, uint8_t flags, bool script_full,
		       const struct limits *limits)
{
	struct stack_facts facts = stack_facts_of(seen, flags, script_full);
	struct verdict verdict = { seen->severity, seen->reasons };
	bool reported;

	/* Samples catch one of many imports. */
	facts.library_import &= !import_is_programs(&seen->stacks->script);
	facts.unseen = flags & SITE_UNSEEN;
	facts.busy = seen->stall == STALL_BUSY;
	facts.one_poll = seen->one_poll;
	facts.library_work = is_worker_start(&seen->stacks->native);
	/* Without script lines we do not know where the interpreter was. */
	if (!seen->stacks->script.count && facts.loop != LOOP_MAIN_GREENLET)
		facts.loop = LOOP_NATIVE;
	facts.interpreter_alone = seen->family == FAMILY_EVENT_LOOP && is_interpreter_alone(seen);
	facts.each_ns = length_of_each(seen);
	facts.longest_ns = seen->in_progress ? seen->own_ns : seen->max_ns;
	reported = stack_judge_turn(&facts, limits, &verdict, &seen->confidence);
	finding_take(seen, verdict);
	seen->root = facts.root;
	return reported;
}
