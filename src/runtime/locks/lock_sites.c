#include "lock_sites.h"

#include <string.h>

#include "../executors/event_loop.h"
#include "../executors/executor.h"
#include "../executors/task_types.h"
#include "../runtime.h"
#include "../trace.h"

#define INDEX_SIZE 2048 /* a power of two, twice the sites that fit */

static uint32_t index_of[INDEX_SIZE]; /* offsets, by hash; open addressing */
static uint32_t count;

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

COLD static struct trace_lock_site *write_site(enum lock_fault fault, const struct held_lock *held,
					       const struct held_table *owner,
					       const struct known_stack *other, uint64_t hash)
{
	struct trace_executor *executor = held->executor ? executor_record(held->executor) : NULL;
	struct trace_lock_site *site;
	bool in_loop = false;

	if (__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) >= INDEX_SIZE / 2)
		return NULL;
	site = trace_allocate(sizeof *site);
	if (!site)
		return NULL;
	site->fault = fault;
	site->lock = held->kind;
	site->executor = executor ? trace_offset(executor) : 0;
	site->acquired = held->stack ? known_stack_record(held->stack) : 0;
	site->other = known_stack_record(other);
	if (held->stack && held->executor && held->executor->family == FAMILY_EVENT_LOOP)
		event_loop_stack_level(held->stack->data, held->stack->depth, &site->level,
				       &in_loop);
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

struct trace_lock_site *lock_site_get(enum lock_fault fault, const struct held_lock *held,
				      const struct held_table *owner,
				      const struct known_stack *other)
{
	uint64_t hash = mix(fault << 8 | held->kind, (uintptr_t)held->executor);
	struct trace_lock_site *site, *made = NULL;

	hash = mix(hash, (uintptr_t)held->stack);
	hash = mix(hash, (uintptr_t)other);
	if (held->flags & HELD_SUSPENDED)
		hash = mix(hash, held->type);
	for (uint32_t i = 0, at = (uint32_t)hash; i < INDEX_SIZE; i++, at++) {
		uint32_t *entry = &index_of[at & (INDEX_SIZE - 1)];
		uint32_t offset = __atomic_load_n(entry, __ATOMIC_ACQUIRE);

		if (!offset) {
			if (!made)
				made = write_site(fault, held, owner, other, hash);
			if (!made)
				break;
			if (__atomic_compare_exchange_n(entry, &offset, trace_offset(made), false,
							__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
				trace_publish(made, RECORD_LOCK_SITE);
				return made;
			}
		}
		site = trace_at(offset);
		if (site->hash == hash)
			return site;
	}
	trace_lose_site();
	return NULL;
}

void lock_sites_forget(void)
{
	memset(index_of, 0, sizeof index_of);
	count = 0;
}
