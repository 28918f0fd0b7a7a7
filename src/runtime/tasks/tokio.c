#include "tokio.h"

#include "runtime/base/compiler.h"
#include "runtime/turns/executor.h"
#include "shared/tokio_scan.h"
#include "task_library.h"
#include "task_module.h"
#include "task_slots.h"

struct executor *tokio_executor_known;

struct executor *tokio_executor_make(void)
{
	struct executor *executor = executor_known(EXECUTOR_tokio);

	__atomic_store_n(&tokio_executor_known, executor, __ATOMIC_RELEASE);
	return executor;
}

static void tokio_confirm_slot(struct task_slot *slot, const uint64_t *header, unsigned vtable_word)
{
	(void)header;
	slot->word = (uint8_t)(vtable_word + 1);
}

static uint64_t tokio_layout_number(const uint64_t *vtable)
{
	return vtable[TASK_VTABLE_LAYOUT];
}

static enum task_moment tokio_moment_of(const uint64_t *words, const uint64_t *vtable)
{
	return tokio_task_moment(words, (uintptr_t)vtable);
}

static struct executor *tokio_executor_of(const struct task_module *module)
{
	(void)module;
	return tokio_executor();
}

/*
 * The vtable's address is word 2 of a header since 1.22, word 4 from 1.12 to 1.21
 * (tokio/src/runtime/task/core.rs); owner_id follows it.
 */
const struct task_family tokio_family = {
	.polls = true,
	.first_word = 2,
	.last_word = 4,
	.confirm = tokio_confirm_slot,
	.confirmed = (const void *)tokio_confirmed,
	.layout_number = tokio_layout_number,
	.id_word = TOKIO_VTABLE_ID,
	.moment = tokio_moment_of,
	.executor = tokio_executor_of,
};

const struct task_family tokio_shutdown_family = {
	.function = 6,
	.first_word = 2,
	.last_word = 4,
	.confirm = tokio_confirm_slot,
	.confirmed = (const void *)tokio_shutdown_confirmed,
	.layout_number = tokio_layout_number,
	.moment = tokio_moment_of,
	.executor = tokio_executor_of,
};

/* Whoever wakes a task schedules it, if it was suspended. */
const struct task_family tokio_schedule_family = {
	.function = 1,
	.first_word = 2,
	.last_word = 4,
	.confirm = tokio_confirm_slot,
	.confirmed = (const void *)tokio_schedule_confirmed,
	.layout_number = tokio_layout_number,
	.moment = tokio_moment_of,
	.executor = tokio_executor_of,
};

static bool has_tokio_names(const struct task_symbols *symbols)
{
	return symbols->tokio;
}

static void tokio_scan_region(const struct task_region *region, const struct task_symbols *symbols,
			      void (*visit)(const struct task_vtable *vtable, void *data),
			      void *data)
{
	tokio_scan(region, symbols->polls, visit, data);
}

static void tokio_module_begin(struct task_module *module)
{
	if (!module->context.size)
		tokio_context_init(&module->context, module->module);
}

static void tokio_module_forked(struct task_module *module)
{
	tokio_context_forked(&module->context);
}

const struct task_library tokio_library = {
	.is_named = has_tokio_names,
	.scan = tokio_scan_region,
	.polls = &tokio_family,
	.drops = &tokio_shutdown_family, /* has its place since 1.23 */
	.wakes = &tokio_schedule_family,
	.begin = tokio_module_begin,
	.forked = tokio_module_forked,
	.executor = tokio_executor_of,
};
