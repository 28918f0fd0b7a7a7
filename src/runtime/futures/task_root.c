#include "task_root.h"

#include <string.h>

#include "runtime/turns/thread_slot.h"
#include "runtime/tasks/async_task.h"
#include "main_script.h"
#include "root_harm.h"
#include "root_look.h"
#include "root_stack.h"
#include "root_turn.h"
#include "root_watch.h"
#include "runtime/base/runtime.h"
#include "runtime/modules/modules.h"
#include "runtime/stalls/sampler.h"
#include "runtime/trace/trace.h"
#include "runtime/tasks/task_library.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/tokio.h"
#include "contract/trace_format.h"

/*
 * Stack walks without a block_on until the thread is no longer a suspect; each walk costs a watched
 * call.
 */
#define ROOT_STACKS 64
/* A thread that parks in a runtime again gets this many more. */
#define NEW_PATIENCE 8

void task_thread_may_be_root(struct executor *executor)
{
	this_thread.root_executor = executor;
	if (this_thread.root_suspect)
		return;
	if (this_thread.root_misses > ROOT_STACKS - NEW_PATIENCE)
		this_thread.root_misses = ROOT_STACKS - NEW_PATIENCE;
	this_thread.root_suspect = true;
	thread_arm();
}

void task_thread_runs_tasks(struct executor *executor)
{
	if (!this_thread.root_suspect && this_thread.root_misses < ROOT_STACKS)
		task_thread_may_be_root(executor);
}

bool task_thread_parks(const struct task_module *module, uintptr_t frame)
{
	struct executor *executor;
	OWN_CODE_SCOPE;

	root_turn_is_over();
	root_watch_take(true);
	this_thread.root_reactor = true;
	if (async_task_thread_is_reactor())
		return false;
	executor = task_module_executor(module);
	task_thread_may_be_root(executor);
	if (executor)
		thread_slot_count_turn(executor);
	root_watch_place();
	return root_look_wanted && root_look_begin(frame, ROOT_WAIT_DRIVER);
}

static bool is_in_tokio(void)
{
	struct task_module *module = task_module_next(NULL);

	for (; module; module = task_module_next(module)) {
		enum tokio_place place =
			tokio_context_place(&module->context, module_tls(module->module));

		if (place == PLACE_IN_MULTI_THREAD || place == PLACE_IN_CURRENT_THREAD)
			return true;
	}
	return false;
}

void task_thread_waits(void)
{
	OWN_CODE_SCOPE;

	if (this_thread.root_executor && is_in_tokio()) {
		root_harm_goes_on();
		thread_slot_count_turn(this_thread.root_executor);
	}
}

struct executor *task_root_executor(void)
{
	return main_script_runs() ? main_script_executor() : this_thread.root_executor;
}

/* 1: a root future of this module is polled, 0: none is, -1: not known. */
static int by_context(struct task_module *module, uint8_t *flags)
{
	struct tokio_context *context = &module->context;
	const uint8_t *block = module_tls(module->module);
	enum tokio_place place = tokio_context_place(context, block);
	int polls;

	if (place == PLACE_UNKNOWN && block) {
		tokio_context_learn(context, block, MOMENT_OUTSIDE_TURNS);
		place = tokio_context_place(context, block);
	}
	if (place == PLACE_UNKNOWN)
		return block && tokio_context_is_outside(context, block) ? 0 : -1;
	polls = tokio_context_polls(context, block);
	if (place == PLACE_OUTSIDE || polls == 0)
		return 0;
	if (polls < 0)
		return -1;
	*flags = place == PLACE_IN_CURRENT_THREAD ? SITE_ROOT_CURRENT_THREAD
						  : SITE_ROOT_MULTI_THREAD;
	return 1;
}

/* Whether a variable shows a block_on, whose function may be inlined. */
static bool is_in_inlined_root(void)
{
	enum executor_id executor;

	return task_module_polls(&executor);
}

int task_root_polled(struct task_root_poll *poll)
{
	bool unknown = false;

	if (main_script_runs()) {
		poll->flags = main_script_flags();
		return poll->flags != 0;
	}
	for (struct task_module *module = task_module_next(NULL); module;
	     module = task_module_next(module)) {
		int known = by_context(module, &poll->flags);

		if (known > 0) {
			tokio_context_poll(&module->context, module_tls(module->module),
					   &poll->budget, poll->block_on);
			return 1;
		}
		unknown |= known < 0 && module->symbols.roots;
	}
	return unknown || is_in_inlined_root() ? -1 : 0;
}

bool task_root_mark(uint8_t *budget)
{
	uint8_t flags;

	for (struct task_module *module = task_module_next(NULL); module;
	     module = task_module_next(module)) {
		if (by_context(module, &flags) <= 0)
			continue;
		if (!tokio_context_mark(&module->context, module_tls(module->module)))
			return false;
		--*budget;
		return true;
	}
	return false;
}

bool task_root_excluded(void)
{
	uint8_t flags;

	for (struct task_module *module = task_module_next(NULL); module;
	     module = task_module_next(module)) {
		int known = by_context(module, &flags);

		if (known > 0 || (known < 0 && module->symbols.roots))
			return false;
	}
	return !is_in_inlined_root();
}

uint8_t task_root_flags(const uint64_t *frames, size_t depth, bool *parks)
{
	bool unknown = false;
	uint8_t flags = 0;

	*parks = false;
	if (main_script_runs())
		return main_script_flags();
	for (struct task_module *module = task_module_next(NULL); module && !flags;
	     module = task_module_next(module)) {
		unknown |= by_context(module, &flags) < 0 && module->symbols.roots;
	}
	if (!flags && (unknown || is_in_inlined_root()))
		flags = root_flags_by_stack(frames, depth, parks);
	if (flags) {
		this_thread.root_misses = 0;
	} else if (!*parks && ++this_thread.root_misses >= ROOT_STACKS) {
		this_thread.root_suspect = false;
		thread_arm();
	}
	return flags;
}

bool tokio_misses_roots(void)
{
	for (struct task_module *module = task_module_next(NULL); module;
	     module = task_module_next(module))
		if (task_module_has(module, &tokio_library) && !module->symbols.roots &&
		    !module->context.budget_count)
			return true;
	return false;
}

/*
 * If the program itself contains an executor of tasks, block_on may run on this thread before its
 * first wait.
 */
static void may_run_root_future(void)
{
	const struct task_module *module = task_module_of(modules_at(0)->start);

	if (!module)
		return;
	task_thread_may_be_root(task_module_executor(module));
	sampler_take();
	thread_slot_watch_end();
}

/* #[tokio::main] runs its root future on this thread. */
void task_root_main_begins(void)
{
	may_run_root_future();
}

/* Tokio's own threads run no root future: what runs between their tasks is Tokio's code. */
static bool is_worker_name(const char *name)
{
	return !strncmp(name, "tokio-r", strlen("tokio-r"));
}

/* It may call Handle::block_on. */
void task_root_thread_begins(uintptr_t caller)
{
	OWN_CODE_SCOPE;

	if (runtime_started && !this_thread.dead && task_module_of(caller))
		may_run_root_future();
}

/* A Rust test runs on its own thread, named after it. */
void task_root_thread_named(const char *name)
{
	if (!runtime_started)
		return;
	if (!is_worker_name(name)) {
		may_run_root_future();
	} else if (this_thread.root_suspect) {
		this_thread.root_suspect = false;
		thread_arm();
	}
}

/* By now the place of its state was learnt, or never will be. */
void task_root_exits(void)
{
	struct trace_header *trace = trace_header();

	if (trace && tokio_misses_roots())
		__atomic_fetch_or(&trace->flags, TRACE_NO_ROOT_FUTURES, __ATOMIC_RELAXED);
}
