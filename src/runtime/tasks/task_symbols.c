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

#define MANY 8192 /* functions of one module; a large debug build's tests have some 5000 */

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

/* Same for the crates around async-task. */
static const struct name async_names[] = {
	{ "3run", FUNCTION_RUN, "10async_task3raw" },
	{ "8block_on", FUNCTION_ROOT, "8async_io" },
	{ "8block_on", FUNCTION_ROOT, "12futures_lite" },
	{ "8block_on", FUNCTION_ROOT, "9async_std" },
	{ "4park", FUNCTION_PARKS, "7parking" },
	{ "12park_timeout", FUNCTION_PARKS, "7parking" },
	{ "5react", FUNCTION_PARKS, "8async_io7reactor" },
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
		return name[1] >= '0' && name[1] <= '2';
	case '3':
	case '4':
		return name[1] == 's';
	case '5':
		return name[1] == 't';
	case '7':
		return name[1] == 'p';
	case '8':
	case '9':
		return name[1] == 'a';
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
	       strstr(name, "3raw4poll") || strstr(name, "6Driver4turn");
}

static enum task_function task_function_find(const struct name *names, unsigned count,
					     const char *path)
{
	for (unsigned i = 0; may_have_name(path) && i < count; i++)
		if (strstr(path, names[i].part) && strstr(path, names[i].module))
			return names[i].function;
	return FUNCTION_NONE;
}

static enum task_function function_in(const char *crate)
{
	static const char *const crates[] = { "10async_task", "8async_io", "12futures_lite",
					      "9async_std", "7parking" };

	/* The standard library's own wait may be inlined, down to futex_wait. */
	if (symbol_starts(crate, "3std") || symbol_starts(crate, "11parking_lot"))
		return strstr(crate, "10futex_wait") ||
				       (strstr(crate, "7condvar") && strstr(crate, "wait"))
			       ? FUNCTION_CONDITION
			       : FUNCTION_NONE;
	if (symbol_starts(crate, "5tokio"))
		return task_function_find(tokio_names, ARRAY_SIZE(tokio_names), crate);
	for (unsigned i = 0; i < ARRAY_SIZE(crates); i++)
		if (symbol_starts(crate, crates[i]))
			return task_function_find(async_names, ARRAY_SIZE(async_names), crate);
	return FUNCTION_NONE;
}

enum task_function task_function_named(const char *name)
{
	return function_in(crate_of_symbol(name));
}

static void task_symbols_visit(const struct symbol_range *symbol, void *data)
{
	struct task_symbols *symbols = data;
	const char *crate = crate_of_symbol(symbol->name);
	enum task_function function;
	bool tokio;

	if (!may_be_crate(crate))
		return;
	function = function_in(crate);
	tokio = symbol_starts(crate, "5tokio");
	symbols->smol |= symbol_starts(crate, "4smol");
	symbols->async_std |= symbol_starts(crate, "9async_std");
	if (function == FUNCTION_NONE || symbol->end <= symbol->start)
		return;
	if ((function == FUNCTION_POLL && !task_addresses_add(symbols->polls, symbol->start)) ||
	    (function == FUNCTION_RUN && !task_addresses_add(symbols->runs, symbol->start)))
		trace_lose_event();
	symbols->tokio |= tokio;
	symbols->async_task |= !tokio && function != FUNCTION_CONDITION;
	symbols->roots |= function >= FUNCTION_ROOT;
	if (found_count == MANY) {
		trace_lose_event();
		return;
	}
	found[found_count++] = (struct task_range){
		.start = symbol->start,
		.size = (uint32_t)(symbol->end - symbol->start),
		.function = function,
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
 * for a frame's language data: C has none, and C++'s is in libstdc++.
 */
bool module_may_be_rust(const struct module *module)
{
	static const char import[] = "\0_Unwind_GetLanguageSpecificData";
	struct dynamic_symbols dynamic;

	return dynamic_symbols_of(module, &dynamic) &&
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

void task_symbols_read(struct task_symbols *symbols, const struct module *module)
{
	task_symbols_clear(symbols);
	if (!module_may_be_rust(module))
		return;
	found_count = 0;
	module_each_function(module, task_symbols_visit, symbols);
	/* A block_on of futures-lite alone does not belong to an executor. */
	symbols->async_task &= task_addresses_count(symbols->runs) > 0;
	if (!(symbols->tokio || symbols->async_task) || !task_symbols_keep(symbols))
		return;
	task_ranges_sort(symbols->ranges, found_count);
	symbols->count = found_count;
}

enum task_function task_symbols_at(const struct task_symbols *symbols, uintptr_t pc)
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
		return FUNCTION_NONE;
	return (enum task_function)symbols->ranges[low - 1].function;
}
