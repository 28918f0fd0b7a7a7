#include "guard_sites.h"

#include <string.h>
#include <unistd.h>

#include "runtime/turns/executor.h"
#include "runtime/trace/record_index.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "contract/layout.h"

#define GUARD_INDEX 1024 /* a power of two, twice the sites that fit */

static uint32_t index_of[GUARD_INDEX] MEMORY_TABLE; /* offsets, by hash; open addressing */
static uint32_t count;

static COLD void *guard_site_write(const void *key, uint64_t hash)
{
	const struct guard_spot *spot = key;
	struct trace_executor *executor = spot->executor ? executor_record(spot->executor) : NULL;
	struct trace_guard_site *site;

	if (__atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) >= GUARD_INDEX / 2)
		return NULL;
	site = trace_allocate(sizeof *site);
	if (!site)
		return NULL;
	site->executor = executor ? trace_offset(executor) : 0;
	site->flags = spot->unsure ? GUARD_UNSURE : 0;
	site->poll = spot->poll;
	site->hash = hash;
	site->layout_version = LAYOUT_VERSION;
	site->layout_count = layout_count(spot->layout, LAYOUT_VALUES);
	site->value = spot->value;
	site->depth = spot->depth;
	memcpy(site->links, spot->links, spot->depth * sizeof *spot->links);
	site->address = spot->address;
	site->first_ns = now_ns();
	site->tid = this_thread.slot ? this_thread.slot->tid : 0;
	memcpy(site->thread, this_thread.name, sizeof site->thread);
	return site;
}

struct trace_guard_site *guard_site_get(const struct guard_spot *spot)
{
	static const struct record_index sites = {
		index_of,
		GUARD_INDEX,
		offsetof(struct trace_guard_site, hash),
		RECORD_GUARD_SITE,
	};
	uint64_t hash = hash_mix((uint64_t)spot->type << 32 | spot->value, spot->unsure);

	for (uint32_t i = 0; i < spot->depth; i++)
		hash = hash_mix(hash,
				(uint64_t)spot->links[i].machine << 32 | spot->links[i].state);
	return record_index_get(&sites, hash, guard_site_write, spot);
}

void guard_sites_forget(void)
{
	memory_zero(index_of, sizeof index_of);
	count = 0;
}
