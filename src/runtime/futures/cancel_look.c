#include "cancel_look.h"

#include <string.h>

#include "runtime/turns/executor.h"
#include "runtime/tasks/task_layout.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_slots.h"
#include "runtime/turns/task_types.h"
#include "runtime/trace/record_index.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/trace.h"
#include "runtime/turns/turn.h"
#include "runtime/base/far_read.h"
#include "guard_rest.h"
#include "shared/layout_chain.h"

#define CANCEL_INDEX 512 /* a power of two, twice the sites that fit */

static uint32_t index_of[CANCEL_INDEX]; /* offsets, by hash; open addressing */
static uint32_t count;

struct cancel_spot {
	const struct task_slot *slot;
	uint32_t type; /* type of the task */
	struct executor *executor;
	enum trace_cancel how;
	const struct layout *layout;
	struct layout_link links[TRACE_GUARD_LINKS];
	uint32_t depth;
	uint32_t guard; /* offset of the trace_guard_site of what it held; 0 */
};

/* Only this thread uses the future, and what it points at belongs to it. */
static bool read_own(const struct layout_memory *memory, uint64_t address, void *to, size_t size)
{
	(void)memory;
	if (!address)
		return false;
	memcpy(to, (const void *)(uintptr_t)address, size);
	return true;
}

static bool read_from_aside(const struct layout_memory *memory, uint64_t address, void *to,
			    size_t size)
{
	(void)memory;
	return far_read(address, to, size);
}

static void read_chain(struct cancel_spot *spot, const void *header, enum look_from from)
{
	const struct task_slot *slot = spot->slot;
	const struct module *module = slot->module->module;
	const struct layout *layout = &slot->module->futures.table;
	const struct layout_memory memory = {
		from == LOOK_TO_POLL ? read_own : read_from_aside,
		module->base,
	};
	const struct layout_task *task;

	task = layout_task(layout, slot, task_type_poll(slot->type));
	if (!task)
		return;
	spot->layout = layout;
	spot->depth = (uint32_t)layout_chain(layout, &memory, task, (uintptr_t)header, spot->links,
					     NULL, TRACE_GUARD_LINKS);
}

static COLD void *cancel_site_write(const void *key, uint64_t hash)
{
	const struct cancel_spot *spot = key;
	struct trace_executor *executor = spot->executor ? executor_record(spot->executor) : NULL;
	struct trace_cancel_site *site;

	if (__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) >= CANCEL_INDEX / 2)
		return NULL;
	site = trace_allocate(sizeof *site);
	if (!site)
		return NULL;
	site->executor = executor ? trace_offset(executor) : 0;
	site->how = spot->how;
	site->poll = task_type_poll(spot->type);
	site->hash = hash;
	site->guard = spot->guard;
	site->depth = spot->depth;
	if (spot->layout) {
		site->layout_version = LAYOUT_VERSION;
		site->layout_count = layout_count(spot->layout, LAYOUT_VALUES);
	}
	for (uint32_t i = 0; i < spot->depth; i++) {
		site->links[i].machine = spot->links[i].machine;
		site->links[i].state = spot->links[i].state;
	}
	site->first_ns = now_ns();
	memcpy(site->thread, this_thread.name, sizeof site->thread);
	return site;
}

static struct trace_cancel_site *cancel_site_of(const struct cancel_spot *spot)
{
	static const struct record_index sites = {
		index_of,
		CANCEL_INDEX,
		offsetof(struct trace_cancel_site, hash),
		RECORD_CANCEL_SITE,
	};
	uint64_t hash = hash_mix((uint64_t)spot->type << 32 | spot->guard, spot->how);

	for (uint32_t i = 0; i < spot->depth; i++)
		hash = hash_mix(hash,
				(uint64_t)spot->links[i].machine << 32 | spot->links[i].state);
	return record_index_get(&sites, hash, cancel_site_write, spot);
}

static uint32_t count_at(const struct cancel_spot *spot)
{
	struct trace_cancel_site *site = cancel_site_of(spot);

	if (!site)
		return 0;
	__atomic_fetch_add(&site->count, 1, __ATOMIC_RELAXED);
	site->last_ns = now_ns();
	return trace_offset(site);
}

uint32_t cancel_look(struct executor *executor, const struct task_slot *slot, const void *header,
		     enum trace_cancel how, enum look_from from)
{
	struct cancel_spot spot = {
		.slot = slot, .type = slot->type, .executor = executor, .how = how
	};
	OWN_CODE_SCOPE;

	if (!trace_open())
		return 0;
	read_chain(&spot, header, from);
	if (slot->future) {
		const struct guard_rest *rest = guard_rest_of(header);

		if (rest->header == (uintptr_t)header)
			spot.guard = rest->site;
	}
	return count_at(&spot);
}

void cancel_look_boxed(const struct task_slot *slot, const void *future)
{
	const struct layout *layout = &slot->module->futures.table;
	const struct turn *turn = this_thread.turn;
	uintptr_t base = slot->module->module->base;
	const struct layout_memory memory = { read_own, base };
	struct cancel_spot spot = {
		.slot = slot,
		.type = turn->type,
		.executor = turn->executor,
		.how = CANCEL_DROPPED,
		.layout = layout,
	};
	OWN_CODE_SCOPE;

	spot.depth = (uint32_t)layout_chain_of(layout, &memory,
					       layout_machine_of(layout, slot->vtable - base),
					       (uintptr_t)future, spot.links, TRACE_GUARD_LINKS);
	/* A future that is done, or never began, was not cancelled. */
	if (spot.depth && layout->states[spot.links[0].state].value >= LAYOUT_FIRST_WAIT &&
	    trace_open())
		count_at(&spot);
}

void cancel_sites_forget(void)
{
	memory_zero(index_of, sizeof index_of);
	count = 0;
}
