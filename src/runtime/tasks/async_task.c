#include "async_task.h"

#include <string.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "async_task_scan.h"
#include "task_library.h"
#include "runtime/turns/executor.h"
#include "task_module.h"
#include "task_slots.h"

/* async-task/src/state.rs, 4.0 to 4.7. */
#define SCHEDULED	   (1UL << 0)
#define ASYNC_TASK_RUNNING (1UL << 1)
#define COMPLETED	   (1UL << 2)
#define REFERENCE	   (1UL << 8)
/* More references than any task has, and less than any address. */
#define LARGEST_STATE (1UL << 32)

/* Names of threads that these libraries start. */
static const struct {
	enum executor_id executor;
	const char *thread;
} libraries[] = {
#define THREADS(id, prefix) { EXECUTOR_##id, prefix },
#include "executors/table.h"
};

static enum executor_id library_of(const struct task_module *module)
{
	const struct task_symbols *symbols = &module->symbols;

	for (unsigned i = 0; i < ARRAY_SIZE(libraries); i++)
		if (!strncmp(this_thread.name, libraries[i].thread, strlen(libraries[i].thread)))
			return libraries[i].executor;
	if (!symbols->tasks && !symbols->smol && !symbols->async_std &&
	    symbols->root != EXECUTOR_other)
		return symbols->root;
	if (symbols->smol == symbols->async_std)
		return EXECUTOR_async_task;
	return symbols->smol ? EXECUTOR_smol : EXECUTOR_async_std;
}

struct executor *async_task_executor(const struct task_module *module)
{
	if (LIKELY(this_thread.async_task_module == module))
		return this_thread.async_task_executor;
	this_thread.async_task_executor = executor_known(library_of(module));
	this_thread.async_task_module = module;
	return this_thread.async_task_executor;
}

/* smol and async-std take their block_on from async-io, or from futures-lite. */
struct executor *async_task_root_executor(const struct task_module *module, enum executor_id root)
{
	const struct task_symbols *symbols = &module->symbols;

	if (root == EXECUTOR_futures || root == EXECUTOR_pollster ||
	    !(symbols->tasks || symbols->smol || symbols->async_std))
		return executor_known(root);
	return async_task_executor(module);
}

bool async_task_thread_is_reactor(void)
{
	static const char reactor[] = "async-io";

	return !strcmp(this_thread.name, reactor);
}

/*
 * What a runnable that is about to run may have as its state. rustc orders a header's words freely.
 */
static bool may_be_async_task_state(uint64_t word)
{
	return word & SCHEDULED && !(word & (ASYNC_TASK_RUNNING | COMPLETED)) &&
	       word >= REFERENCE && word < LARGEST_STATE;
}

static void async_task_confirm_slot(struct task_slot *slot, const uint64_t *header,
				    unsigned vtable_word)
{
	slot->word = ASYNC_TASK_NO_STATE;
	for (unsigned i = 0; i <= async_task_family.last_word; i++)
		if (i != vtable_word && may_be_async_task_state(header[i])) {
			slot->word = (uint8_t)i;
			return;
		}
}

static const uint64_t *vtable_layout(const uint64_t *vtable)
{
	return (const uint64_t *)(uintptr_t)vtable[TASK_VTABLE_LAYOUT];
}

static uint64_t async_task_layout_number(const uint64_t *vtable)
{
	return vtable_layout(vtable)[ASYNC_TASK_FUTURE];
}

static enum task_moment async_task_moment_of(const uint64_t *words, const uint64_t *vtable)
{
	return async_task_moment(words, (uintptr_t)vtable,
				 vtable_layout(vtable)[ASYNC_TASK_SCHEDULE]);
}

/*
 * The state, the two-word awaiter and the vtable's address come in any order; an executor's
 * metadata may lie between them (async-task/src/header.rs).
 */
const struct task_family async_task_family = {
	.function = ASYNC_TASK_RUN,
	.polls = true,
	.first_word = 0,
	.last_word = 7,
	.confirm = async_task_confirm_slot,
	.confirmed = (const void *)async_task_confirmed,
	.layout_number = async_task_layout_number,
	.moment = async_task_moment_of,
	.executor = async_task_executor,
};

const struct task_family async_task_drop_family = {
	.function = ASYNC_TASK_DROP_FUTURE,
	.first_word = 0,
	.last_word = 7,
	.confirm = async_task_confirm_slot,
	.confirmed = (const void *)async_task_drop_confirmed,
	.layout_number = async_task_layout_number,
	.moment = async_task_moment_of,
	.executor = async_task_executor,
};

static bool has_async_task_names(const struct task_symbols *symbols)
{
	return symbols->async_task;
}

static void async_task_scan_region(const struct task_region *region,
				   const struct task_symbols *symbols,
				   void (*visit)(const struct task_vtable *vtable, void *data),
				   void *data)
{
	async_task_scan(region, symbols->runs, visit, data);
}

const struct task_library async_task_library = {
	.rust_alone = true,
	.is_named = has_async_task_names,
	.scan = async_task_scan_region,
	.polls = &async_task_family,
	.drops = &async_task_drop_family,
	.jobs_drop = true,
	.executor = async_task_executor,
};
