#include "task_resources.h"

#include <string.h>

#include "runtime/process/descriptors.h"
#include "runtime/turns/task_types.h"
#include "runtime/locks/held.h"
#include "runtime/turns/executor.h"
#include "runtime/trace/record_index.h"
#include "task_leftovers.h"
#include "runtime/trace/trace.h"
#include "runtime/trace/trace_records.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/turns/turn.h"

#define RESOURCE_PLACES 1024 /* by descriptor: the later of two in one place is kept */
#define RESOURCE_INDEX	256  /* a power of two, twice the sites that fit */

static struct resource {
	int fd;
	uint64_t task; /* 0: free */
	const struct known_stack *opened;
	uint32_t left; /* offset of the trace_left_site once its task is gone; 0 */
} resources[RESOURCE_PLACES] MEMORY_TABLE;

uint32_t task_resources_kept;

static uint32_t index_of[RESOURCE_INDEX]; /* offsets, by hash; open addressing */
static uint32_t count;

static struct resource *resource_place_of(int fd)
{
	return &resources[(unsigned)fd % RESOURCE_PLACES];
}

uint64_t task_resources_number(const void *header, uint32_t type)
{
	uint32_t offset = task_type_id(type);

	return offset ? *(const uint64_t *)((const char *)header + offset) : 0;
}

static void resource_drop(struct resource *resource)
{
	struct trace_left_site *site = resource->left ? trace_at(resource->left) : NULL;

	if (!__atomic_exchange_n(&resource->task, 0, __ATOMIC_ACQ_REL))
		return;
	__atomic_fetch_sub(&task_resources_kept, 1, __ATOMIC_RELAXED);
	if (site)
		__atomic_fetch_sub(&site->open, 1, __ATOMIC_RELAXED);
}

void task_resource_opened(int fd)
{
	const struct turn *turn = this_thread.turn;
	uint64_t task = turn->kind == TURN_TASK && turn->task && !this_thread.own_code
				? task_resources_number(turn->task, turn->type)
				: 0;
	struct resource *resource = resource_place_of(fd);
	struct held_table *table;
	OWN_CODE_SCOPE;

	if (!task || fd < 0)
		return;
	table = held_table_take();
	if (!table)
		return;
	if (resource->task)
		resource_drop(resource);
	resource->fd = fd;
	resource->left = 0;
	resource->opened = KNOWN_STACK_HERE(&table->memory);
	__atomic_store_n(&resource->task, task, __ATOMIC_RELEASE);
	__atomic_fetch_add(&task_resources_kept, 1, __ATOMIC_RELAXED);
}

void task_resource_is_gone(int fd)
{
	struct resource *resource = fd < 0 ? NULL : resource_place_of(fd);

	if (resource && resource->fd == fd && resource->task)
		resource_drop(resource);
}

void task_resource_is_used(int fd)
{
	struct resource *resource = fd < 0 ? NULL : resource_place_of(fd);

	if (resource && resource->fd == fd && resource->task && resource->left)
		resource_drop(resource);
}

void task_resources_are_gone(unsigned first, unsigned last)
{
	for (unsigned i = 0; task_resources_kept && i < RESOURCE_PLACES; i++)
		if (resources[i].task && (unsigned)resources[i].fd >= first &&
		    (unsigned)resources[i].fd <= last)
			resource_drop(&resources[i]);
}

struct left_key {
	uint32_t cancelled;
	enum trace_left_kind kind;
	const struct known_stack *opened;
	const struct known_stack *asked; /* for a dropped child; NULL */
	struct executor *executor;
	uint32_t type;
};

static COLD void *left_site_write(const void *wanted, uint64_t hash)
{
	const struct left_key *key = wanted;
	struct trace_left_site *site;

	if (__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) >= RESOURCE_INDEX / 2)
		return NULL;
	site = trace_allocate(sizeof *site);
	if (!site)
		return NULL;
	site->cancelled = key->cancelled;
	site->kind = key->kind;
	site->opened = key->opened ? known_stack_record(key->opened) : 0;
	if (key->asked) {
		const struct trace_executor *executor = executor_record(key->executor);

		site->dropped = known_stack_record(key->asked);
		site->executor = executor ? trace_offset(executor) : 0;
		site->poll = task_type_poll(key->type);
	}
	site->hash = hash;
	site->first_ns = now_ns();
	return site;
}

static struct trace_left_site *left_site_of(const struct left_key *key)
{
	static const struct record_index sites = {
		index_of,
		RESOURCE_INDEX,
		offsetof(struct trace_left_site, hash),
		RECORD_LEFT_SITE,
	};
	uint64_t hash = hash_mix(hash_mix(key->kind, key->cancelled), (uintptr_t)key->opened);
	struct trace_left_site *site;

	hash = hash_mix(hash_mix(hash, (uintptr_t)key->asked), key->type);
	site = record_index_get(&sites, hash, left_site_write, key);

	if (site) {
		__atomic_fetch_add(&site->count, 1, __ATOMIC_RELAXED);
		site->last_ns = now_ns();
	}
	return site;
}

struct trace_left_site *task_left_site(uint32_t cancelled, const struct known_stack *made,
				       enum trace_left_kind kind)
{
	return left_site_of(
		&(struct left_key){ .cancelled = cancelled, .kind = kind, .opened = made });
}

struct trace_left_site *task_dropped_site(uint32_t type, struct executor *executor,
					  const struct known_stack *made,
					  const struct known_stack *asked)
{
	return left_site_of(&(struct left_key){
		.kind = LEFT_CHILD,
		.opened = made,
		.asked = asked,
		.executor = executor,
		.type = type,
	});
}

void task_resources_left(uint64_t task, uint32_t cancelled)
{
	OWN_CODE_SCOPE;

	task_leftovers_left(task, cancelled);
	for (unsigned i = 0; i < RESOURCE_PLACES; i++) {
		struct resource *resource = &resources[i];
		struct trace_left_site *site;

		if (resource->task != task || resource->left)
			continue;
		site = task_left_site(cancelled, resource->opened, LEFT_DESCRIPTOR);
		if (!site)
			return;
		__atomic_fetch_add(&site->open, 1, __ATOMIC_RELAXED);
		resource->left = trace_offset(site);
		/* Its type is queried again at the next use. */
		descriptor_changed(resource->fd);
	}
}

void task_resources_forget(void)
{
	memory_zero(resources, sizeof resources);
	memory_zero(index_of, sizeof index_of);
	task_leftovers_forget();
	task_resources_kept = count = 0;
}
