#include "root_stack.h"

#include "contract/trace_format.h"
#include "runtime/base/thread.h"
#include "runtime/tasks/async_task.h"
#include "runtime/tasks/task_library.h"
#include "runtime/tasks/task_module.h"
#include "runtime/trace/trace.h"

struct task_place {
	const struct task_module *module;
	enum task_function function;
	enum executor_id executor;
};

static struct task_place task_place_at(uintptr_t pc)
{
	struct task_place place = { .module = task_module_of(pc) };

	if (place.module) {
		place.function = task_symbols_at(&place.module->symbols, pc);
		place.executor = task_symbols_executor_at(&place.module->symbols, pc);
	}
	return place;
}

/* The program may contain several: findings and turns are of the one whose block_on it is. */
static void root_take_executor(const struct task_place *place)
{
	if (place->executor == EXECUTOR_tokio)
		this_thread.root_executor = tokio_library.executor(place->module);
	else
		this_thread.root_executor =
			async_task_root_executor(place->module, place->executor);
}

/* Whether a block_on, or the loop of a pool's thread, waits for work. */
static bool root_waits(const struct task_place *root, enum task_function inner)
{
	if (root->executor == EXECUTOR_tokio)
		return inner == FUNCTION_CONDITION;
	return inner == FUNCTION_CONDITION || inner == FUNCTION_THREAD_PARKS ||
	       (root->function == FUNCTION_ROOT_POOL && inner == FUNCTION_RECEIVES);
}

static uint8_t root_flags_of(enum task_function root)
{
	switch (root) {
	case FUNCTION_ROOT_CURRENT_THREAD:
	case FUNCTION_ROOT_POOL:
		return SITE_ROOT_CURRENT_THREAD;
	case FUNCTION_ROOT_MULTI_THREAD:
		return SITE_ROOT_MULTI_THREAD;
	default:
		return SITE_ROOT_FUTURE;
	}
}

/* One of these crates may call the block_on of another. */
static enum executor_id root_group(enum executor_id root)
{
	return root == EXECUTOR_tokio || root == EXECUTOR_futures || root == EXECUTOR_pollster
		       ? root
		       : EXECUTOR_async_task;
}

/*
 * The innermost block_on of these frames waits for its future to be woken, if there is one. That
 * blocks another crate's, within whose poll it was called.
 */
static uint8_t root_flags_of_park(const uint64_t *frames, size_t depth, bool *parks)
{
	enum executor_id inner = EXECUTOR_other;

	for (size_t i = 0; i < depth; i++) {
		struct task_place place = task_place_at(frames[i] - 1);

		if (place.function < FUNCTION_ROOT)
			continue;
		if (!*parks)
			inner = root_group(place.executor);
		else if (root_group(place.executor) == inner)
			continue;
		root_take_executor(&place);
		if (*parks) {
			*parks = false;
			return root_flags_of(place.function);
		}
		*parks = true;
	}
	return 0;
}

/* The loop of a pool's thread may be inlined into the function that std calls on each thread. */
static bool pool_waits(const struct task_place *place, enum task_function inner)
{
	const struct trace_header *trace = trace_header();

	return place->function == FUNCTION_THREAD_BEGINS && inner == FUNCTION_RECEIVES && trace &&
	       thread_tid() != (int)trace->pid;
}

/*
 * The crate whose block_on a variable shows, although its function is not on the stack: it was
 * inlined. It waits if the program's code, which is the rest of that function, parks.
 */
static uint8_t root_flags_by_local(const uint64_t *frames, size_t depth, bool *parks)
{
	enum task_function inner = FUNCTION_NONE;
	struct task_place place = { 0 };

	place.module = task_module_polls(&place.executor);
	if (!place.module)
		return 0;
	root_take_executor(&place);
	for (size_t i = 0; i < depth && !*parks; i++, inner = place.function) {
		place = task_place_at(frames[i] - 1);
		*parks = place.function == FUNCTION_PARKS ||
			 place.function == FUNCTION_THREAD_PARKS || pool_waits(&place, inner);
	}
	return *parks ? 0 : SITE_ROOT_FUTURE;
}

static uint8_t root_flags_by_name(const uint64_t *frames, size_t depth, bool *parks)
{
	enum task_function inner = FUNCTION_NONE;
	struct task_place place;
	uint8_t flags = 0;

	for (size_t i = 0; i < depth; i++) {
		/* A return address may be past the end of a function that never returns. */
		place = task_place_at(frames[i] - 1);
		if (place.function >= FUNCTION_ROOT && !flags)
			root_take_executor(&place);
		switch (place.function) {
		case FUNCTION_POLL:
		case FUNCTION_RUN:
			return flags;
		case FUNCTION_PARKS:
			if (flags)
				break;
			return root_flags_of_park(frames + i, depth - i, parks);
		case FUNCTION_EXEMPT:
			if (!flags)
				return 0;
			break;
		case FUNCTION_ROOT:
		case FUNCTION_ROOT_CURRENT_THREAD:
		case FUNCTION_ROOT_MULTI_THREAD:
		case FUNCTION_ROOT_POOL:
			if (!flags && root_waits(&place, inner))
				return root_flags_of_park(frames + i, depth - i, parks);
			flags = root_flags_of(place.function);
			if (flags != SITE_ROOT_FUTURE) /* a caller's frame may show which runtime */
				return flags;
			break;
		default:
			break;
		}
		if (place.function != FUNCTION_WITH_LOCAL || inner != FUNCTION_THREAD_PARKS)
			inner = place.function;
	}
	return flags;
}

uint8_t root_flags_by_stack(const uint64_t *frames, size_t depth, bool *parks)
{
	uint8_t flags;

	*parks = false;
	flags = root_flags_by_name(frames, depth, parks);

	return flags || *parks ? flags : root_flags_by_local(frames, depth, parks);
}
