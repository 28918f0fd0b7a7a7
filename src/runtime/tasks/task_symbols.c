/*
 * The stack of a root future, as seen with rustc 1.95 and Tokio 1.24.2 and 1.54.1. Innermost first;
 * the future's own code, which comes before, is often inlined into the first of these:
 *
 * - current_thread, debug: CoreGuard::block_on, enter_runtime (1.54), CurrentThread::block_on,
 *   Runtime::block_on
 * - current_thread, release: CurrentThread::block_on (1.24); Context::enter, CoreGuard::block_on,
 *   enter_runtime, Runtime::block_on (1.54)
 * - multi_thread, debug: CachedParkThread::block_on, BlockingRegionGuard::block_on,
 *   MultiThread::block_on, Runtime::block_on
 * - multi_thread, release: CachedParkThread::block_on, Runtime::block_on
 * - either, fat LTO: the program's main. A block_on with a single caller is inlined and has no
 *   symbol: then only tokio_context.h finds it
 *
 * If the runtime parks on the same thread, these are inside the block_on:
 *
 * - current_thread: mio's Poll::poll, Driver::turn, Driver::park_internal, Context::park
 * - multi_thread: Condvar::wait_until_internal, Inner::park, CachedParkThread::park; release builds
 *   inline all but the first
 */
#include "task_symbols.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/modules/dynamic_symbols.h"
#include "runtime/base/memory.h"
#include "runtime/trace/trace.h"

#define FUTURES	    "16futures_executor"
#define MANY	    16384 /* functions of one module; a large debug build's tests have some 5000 */
#define MANY_OF_STD 8192  /* until then those of std that matter to one crate alone */

static struct task_range found[MANY];
static unsigned found_count;

struct name {
	const char *part;
	enum task_function function;
	const char *module; /* must occur in the name as well */
};

/* The first entry that occurs in a Tokio function's name decides. */
static const struct name tokio_names[] = {
	{ "7runtime4task3raw4poll", FUNCTION_POLL, "" },
	{ "9CoreGuard8block_on", FUNCTION_ROOT_CURRENT_THREAD, "" },
	{ "13CurrentThread8block_on", FUNCTION_ROOT_CURRENT_THREAD, "" },
	{ "7Context5enter", FUNCTION_ROOT_CURRENT_THREAD, "14current_thread" },
	{ "7Context5enter", FUNCTION_ROOT_CURRENT_THREAD, "15basic_scheduler" }, /* to 1.20 */
	{ "8block_on", FUNCTION_ROOT_CURRENT_THREAD, "15basic_scheduler" },
	{ "8LocalSet8block_on", FUNCTION_ROOT_CURRENT_THREAD, "" },
	{ "12LocalRuntime8block_on", FUNCTION_ROOT_CURRENT_THREAD, "" },
	{ "11MultiThread8block_on", FUNCTION_ROOT_MULTI_THREAD, "" },
	{ "10ThreadPool8block_on", FUNCTION_ROOT_MULTI_THREAD, "" }, /* to 1.20 */
	{ "16CachedParkThread8block_on", FUNCTION_ROOT_MULTI_THREAD, "" },
	{ "8block_on", FUNCTION_ROOT, "" },
	{ "14block_on_inner", FUNCTION_ROOT, "" },
	{ "13enter_runtime", FUNCTION_ROOT, "" },
	{ "4park", FUNCTION_PARKS, "" },
	{ "10park_yield", FUNCTION_PARKS, "" },
	{ "12park_timeout", FUNCTION_PARKS, "" },
	{ "13park_internal", FUNCTION_PARKS, "" },
	{ "12park_condvar", FUNCTION_PARKS, "" },
	{ "11park_driver", FUNCTION_PARKS, "" },
	{ "6Driver4turn", FUNCTION_PARKS, "" },
	{ "14block_in_place", FUNCTION_EXEMPT, "" },
	{ "12exit_runtime", FUNCTION_EXEMPT, "" },
	{ "5enter4exit", FUNCTION_EXEMPT, "" }, /* to 1.20 */
};

/*
 * Same for the crates around async-task, and for block_on of other crates. LocalPool polls tasks
 * beside its future, and Task::run is called by a pool's thread.
 */
static const struct name async_names[] = {
	{ "3run", FUNCTION_RUN, "10async_task3raw" },
	{ "8block_on", FUNCTION_ROOT, "8async_io" },
	{ "8block_on", FUNCTION_ROOT, "12futures_lite" },
	{ "8block_on", FUNCTION_ROOT, "9async_std" },
	{ "4park", FUNCTION_PARKS, "7parking" },
	{ "12park_timeout", FUNCTION_PARKS, "7parking" },
	{ "5react", FUNCTION_PARKS, "8async_io7reactor" },
	{ "8block_on", FUNCTION_ROOT, "8pollster" },
	{ "6Signal4wait", FUNCTION_PARKS, "8pollster" },
	{ "4Task3run", FUNCTION_ROOT_CURRENT_THREAD, FUTURES },
	{ "9PoolState4work", FUNCTION_ROOT_POOL, FUTURES },
	{ "9LocalPool3run", FUNCTION_ROOT_CURRENT_THREAD, FUTURES },
	{ "9LocalPool9run_until", FUNCTION_ROOT_CURRENT_THREAD, FUTURES },
	{ "9LocalPool17run_until_stalled", FUNCTION_ROOT_CURRENT_THREAD, FUTURES },
	{ "9LocalPool11try_run_one", FUNCTION_ROOT_CURRENT_THREAD, FUTURES },
	{ "9LocalPool9poll_pool", FUNCTION_ROOT_CURRENT_THREAD, FUTURES },
	{ "12run_executor", FUNCTION_ROOT, FUTURES },
	{ "10local_pool8block_on", FUNCTION_ROOT, FUTURES },
};

/* The crates of async_names. */
static const struct {
	const char *name;
	enum executor_id executor;
} async_crates[] = {
	{ "10async_task", EXECUTOR_async_task },
	{ "8async_io", EXECUTOR_async_io },
	{ "12futures_lite", EXECUTOR_futures_lite },
	{ "9async_std", EXECUTOR_async_std },
	{ "7parking", EXECUTOR_async_task },
	{ "8pollster", EXECUTOR_pollster },
	{ FUTURES, EXECUTOR_futures },
};

static bool symbol_starts(const char *string, const char *start)
{
	while (*start && *string == *start)
		string++, start++;
	return !*start;
}

/*
 * Whether the name may belong to one of the crates below; a C++ program has hundreds of thousands
 * of functions that don't.
 */
static bool may_be_crate(const char *name)
{
	switch (name[0]) {
	case '1':
		return (name[1] >= '0' && name[1] <= '2') || name[1] == '6';
	case '3':
	case '4':
		return name[1] == 's';
	case '5':
		return name[1] == 't';
	case '7':
		return name[1] == 'p';
	case '8':
	case '9':
		return name[1] == 'a' || name[1] == 'p';
	}
	return false;
}

/*
 * The crate that defines a function, not one that it is instantiated with. Legacy: _ZN, then the
 * path. v0: the first crate root of the path, "Cs" and a number in base 62 and "_", then its name.
 */
static const char *crate_of_symbol(const char *name)
{
	const char *crate;

	if (symbol_starts(name, "_ZN"))
		return name + 3;
	if (!symbol_starts(name, "_R"))
		return "";
	crate = strstr(name, "Cs");
	crate = crate ? strchr(crate, '_') : NULL;
	return crate ? crate + 1 : "";
}

/* A quick test for a part of any of the names: most of these crates' functions have none. */
static bool may_have_name(const char *name)
{
	return strstr(name, "block_") || strstr(name, "3run") || strstr(name, "5react") ||
	       strstr(name, "park") || strstr(name, "_runtime") || strstr(name, "5enter") ||
	       strstr(name, "3raw4poll") || strstr(name, "6Driver4turn") || strstr(name, "4wait") ||
	       strstr(name, "_executor1") || strstr(name, "_poolNt");
}

static enum task_function task_function_find(const struct name *names, unsigned count,
					     const char *path)
{
	for (unsigned i = 0; may_have_name(path) && i < count; i++)
		if (strstr(path, names[i].part) && strstr(path, names[i].module))
			return names[i].function;
	return FUNCTION_NONE;
}

/* The standard library's own waits may be inlined into each other, down to futex_wait. */
static enum task_function function_of_std(const char *path)
{
	if (strstr(path, "10futex_wait") || (strstr(path, "7condvar") && strstr(path, "wait")))
		return FUNCTION_CONDITION;
	if (strstr(path, "6thread") && strstr(path, "4park") && !strstr(path, "6Thread"))
		return FUNCTION_THREAD_PARKS;
	if (strstr(path, "14lock_contended") || strstr(path, "4sync4mpmc") ||
	    strstr(path, "4sync4mpsc") || (strstr(path, "5mutex") && strstr(path, "4lock")))
		return FUNCTION_RECEIVES;
	if (strstr(path, "28__rust_begin_short_backtrace"))
		return FUNCTION_THREAD_BEGINS;
	if (strstr(path, "LocalKey") && strstr(path, "with"))
		return FUNCTION_WITH_LOCAL;
	return FUNCTION_NONE;
}

static enum task_function function_in(const char *crate, enum executor_id *executor)
{
	*executor = EXECUTOR_other;
	if (symbol_starts(crate, "3std") || symbol_starts(crate, "11parking_lot"))
		return function_of_std(crate);
	if (symbol_starts(crate, "5tokio")) {
		*executor = EXECUTOR_tokio;
		return task_function_find(tokio_names, ARRAY_SIZE(tokio_names), crate);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(async_crates); i++)
		if (symbol_starts(crate, async_crates[i].name)) {
			*executor = async_crates[i].executor;
			return task_function_find(async_names, ARRAY_SIZE(async_names), crate);
		}
	return FUNCTION_NONE;
}

enum task_function task_function_named(const char *name)
{
	enum executor_id executor;

	return function_in(crate_of_symbol(name), &executor);
}

static void task_symbols_visit(const struct symbol_range *symbol, void *data)
{
	struct task_symbols *symbols = data;
	const char *crate = crate_of_symbol(symbol->name);
	enum task_function function;
	enum executor_id executor;

	if (!may_be_crate(crate))
		return;
	if (symbol->is_local) {
		task_locals_add(&symbols->locals, symbol);
		return;
	}
	function = function_in(crate, &executor);
	symbols->smol |= symbol_starts(crate, "4smol");
	symbols->async_std |= symbol_starts(crate, "9async_std");
	if (function == FUNCTION_NONE || symbol->end <= symbol->start)
		return;
	if ((function == FUNCTION_POLL && !task_addresses_add(symbols->polls, symbol->start)) ||
	    (function == FUNCTION_RUN && !task_addresses_add(symbols->runs, symbol->start)))
		trace_lose_event();
	symbols->tokio |= executor == EXECUTOR_tokio;
	symbols->async_task |= executor != EXECUTOR_tokio && executor != EXECUTOR_other;
	if (function >= FUNCTION_ROOT && executor != EXECUTOR_tokio)
		symbols->root = executor;
	if (executor == EXECUTOR_other && function != FUNCTION_CONDITION &&
	    found_count >= MANY_OF_STD)
		return;
	if (found_count == MANY) {
		trace_lose_event();
		return;
	}
	found[found_count++] = (struct task_range){
		.start = symbol->start,
		.size = (uint32_t)(symbol->end - symbol->start),
		.function = (uint16_t)function,
		.executor = (uint16_t)executor,
	};
}

/* Shell sort: libc's qsort may allocate. */
static void task_ranges_sort(struct task_range *ranges, unsigned count)
{
	for (unsigned gap = count / 2; gap; gap /= 2)
		for (unsigned i = gap; i < count; i++) {
			struct task_range range = ranges[i];
			unsigned at = i;

			for (; at >= gap && ranges[at - gap].start > range.start; at -= gap)
				ranges[at] = ranges[at - gap];
			ranges[at] = range;
		}
}

static bool task_symbols_keep(struct task_symbols *symbols)
{
	size_t size = found_count * sizeof *found;

	if (found_count > symbols->capacity) {
		size = (size + MEMORY_PAGE - 1) & ~(size_t)(MEMORY_PAGE - 1);
		symbols->capacity = 0;
		symbols->ranges = memory_map(size);
		if (!symbols->ranges)
			return false;
		symbols->capacity = (uint32_t)(size / sizeof *found);
	}
	memcpy(symbols->ranges, found, found_count * sizeof *found);
	return true;
}

/*
 * Only a module with its own personality routine, as in Rust's standard library, asks the unwinder
 * for a frame's language data: C has none, and C++'s is in libstdc++. Node has one, and 200,000
 * symbols that take 2 ms to read; its add-ons are modules of their own.
 */
bool module_may_be_rust(const struct module *module)
{
	static const char import[] = "\0_Unwind_GetLanguageSpecificData";
	struct dynamic_symbols dynamic;

	return !module_symbol(module, "node_module_register") &&
	       dynamic_symbols_of(module, &dynamic) &&
	       memmem(dynamic.strings, dynamic.strings_size, import, sizeof import);
}

/* The memory of an earlier module may not be there any more. */
static void task_symbols_clear(struct task_symbols *symbols)
{
	*symbols = (struct task_symbols){
		.ranges = symbols->ranges,
		.capacity = symbols->capacity,
		.polls = task_addresses_clear(ADDRESSES_TOKIO),
		.runs = task_addresses_clear(ADDRESSES_ASYNC_TASK),
	};
}

/* In a module with Tokio the variables do not count: its threads may block in a job. */
static bool has_roots_of_stacks(const struct task_symbols *symbols)
{
	for (unsigned i = 0; i < found_count; i++)
		if (found[i].function >= FUNCTION_ROOT &&
		    (symbols->tokio || !task_locals_have(&symbols->locals, found[i].executor)))
			return true;
	return false;
}

void task_symbols_read(struct task_symbols *symbols, const struct module *module)
{
	task_symbols_clear(symbols);
	if (!module_may_be_rust(module))
		return;
	found_count = 0;
	module_each_symbol(module, task_symbols_visit, symbols);
	if (symbols->locals.count && symbols->root == EXECUTOR_other)
		symbols->root = symbols->locals.items[0].executor;
	symbols->roots = has_roots_of_stacks(symbols);
	symbols->tasks = task_addresses_count(symbols->runs) > 0;
	/* Parks alone belong to no executor. */
	symbols->async_task &= symbols->tasks;
	symbols->async_task |= symbols->root != EXECUTOR_other;
	if (!(symbols->tokio || symbols->async_task) || !task_symbols_keep(symbols))
		return;
	task_ranges_sort(symbols->ranges, found_count);
	symbols->count = found_count;
}

static const struct task_range *task_range_at(const struct task_symbols *symbols, uintptr_t pc)
{
	uint32_t low = 0, high = symbols->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (symbols->ranges[middle].start <= pc)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || pc - symbols->ranges[low - 1].start >= symbols->ranges[low - 1].size)
		return NULL;
	return &symbols->ranges[low - 1];
}

enum task_function task_symbols_at(const struct task_symbols *symbols, uintptr_t pc)
{
	const struct task_range *range = task_range_at(symbols, pc);

	return range ? (enum task_function)range->function : FUNCTION_NONE;
}

enum executor_id task_symbols_executor_at(const struct task_symbols *symbols, uintptr_t pc)
{
	const struct task_range *range = task_range_at(symbols, pc);

	return range ? (enum executor_id)range->executor : EXECUTOR_other;
}
