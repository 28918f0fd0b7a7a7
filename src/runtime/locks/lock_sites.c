#include "lock_sites.h"

#include <string.h>

#include "runtime/base/events.h"
#include "runtime/turns/executor.h"
#include "runtime/turns/task_types.h"
#include "runtime/trace/record_index.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/trace/trace.h"

#define LOCK_INDEX 2048 /* a power of two, twice the number of sites */

static uint32_t index_of[LOCK_INDEX] MEMORY_TABLE; /* offsets, by hash; open addressing */
static uint32_t count;

struct lock_site_key {
	enum lock_fault fault;
	const struct held_lock *held;
	const struct held_table *owner;
	const struct known_stack *other;
};

COLD static void *lock_site_write(const void *wanted, uint64_t hash)
{
	const struct lock_site_key *key = wanted;
	const struct held_lock *held = key->held;
	const struct held_table *owner = key->owner;
	struct trace_executor *executor = held->executor ? executor_record(held->executor) : NULL;
	struct trace_lock_site *site;
	bool in_loop = false;

	if (__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) >= LOCK_INDEX / 2)
		return NULL;
	site = trace_allocate(sizeof *site);
	if (!site)
		return NULL;
	site->fault = key->fault;
	site->lock = held->kind;
	site->executor = executor ? trace_offset(executor) : 0;
	site->acquired = held->stack ? known_stack_record(held->stack) : 0;
	site->other = known_stack_record(key->other);
	if (held->stack && held->executor && held->executor->family == FAMILY_EVENT_LOOP)
		ask_stack_level(held->stack->data, held->stack->depth, &site->level, &in_loop);
	if (in_loop)
		site->flags |= LOCK_SITE_IN_LOOP;
	if (held->flags & HELD_SUSPENDED && held->type)
		site->task_poll = task_type_poll(held->type);
	site->hash = hash;
	site->address = held->lock;
	site->first_ns = now_ns();
	if (owner) {
		site->tid = owner->tid;
		memcpy(site->thread, owner->name, sizeof site->thread);
	}
	return site;
}

static const struct record_index sites = {
	index_of,
	LOCK_INDEX,
	offsetof(struct trace_lock_site, hash),
	RECORD_LOCK_SITE,
};

static uint64_t lock_site_hash(enum lock_fault fault, const struct held_lock *held,
			       const struct known_stack *other)
{
	uint64_t hash = hash_mix(fault << 8 | held->kind, (uintptr_t)held->executor);

	hash = hash_mix(hash, (uintptr_t)held->stack);
	hash = hash_mix(hash, (uintptr_t)other);
	return held->flags & HELD_SUSPENDED ? hash_mix(hash, held->type) : hash;
}

struct trace_lock_site *lock_site_get(enum lock_fault fault, const struct held_lock *held,
				      const struct held_table *owner,
				      const struct known_stack *other)
{
	const struct lock_site_key key = { fault, held, owner, other };

	return record_index_get(&sites, lock_site_hash(fault, held, other), lock_site_write, &key);
}

struct trace_lock_site *lock_site_find(enum lock_fault fault, const struct held_lock *held,
				       const struct known_stack *other)
{
	return record_index_find(&sites, lock_site_hash(fault, held, other));
}

void lock_sites_forget(void)
{
	memory_zero(index_of, sizeof index_of);
	count = 0;
}
