#include "guard_count.h"

#include "runtime/base/counter.h"
#include "runtime/base/runtime.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_slots.h"
#include "runtime/trace/trace.h"
#include "guard_rest.h"
#include "guard_sites.h"

static struct executor *look_executor(const struct look *look)
{
	return look->slot ? look->slot->family->executor(look->module)
			  : task_module_executor(look->module);
}

static void subtract_one(uint64_t *count)
{
	uint64_t known = __atomic_load_n(count, __ATOMIC_RELAXED);

	while (known && !__atomic_compare_exchange_n(count, &known, known - 1, true,
						     __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/*
 * Claims the time of the suspension that no look has counted yet: several threads that wait for one
 * lock look at its holder at once, and each part must be counted by one of them.
 */
static void claim_rest(struct look *look, uint64_t ticks)
{
	struct guard_rest *rest = look->rest;
	uint64_t ns = ticks > rest->since ? turn_clock_ns(ticks - rest->since) : 0;
	uint32_t counted = look->aside ? guard_rest_counted(ns) : 0;
	uint32_t known = __atomic_load_n(&rest->counted, __ATOMIC_RELAXED);

	while (counted > known || !look->aside)
		if (__atomic_compare_exchange_n(&rest->counted, &known, counted, true,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			break;
	look->rested = true;
	look->rested_ns = look->aside ? guard_rest_counted_ns(counted) : ns;
	look->counted = known;
}

/* Counts one suspension of a task once, with its time so far. */
static void count_rest(const struct look *look, struct trace_guard_site *site, uint64_t now)
{
	uint64_t ns = look->rested_ns, counted_ns = guard_rest_counted_ns(look->counted);

	counter_raise(&site->max_ns, ns);
	if (ns > counted_ns)
		counter_add(&site->total_ns, ns - counted_ns);
	if (!look->counted) {
		counter_add(&site->yields, !(look->unpolled && look->goes_on));
		counter_add(&site->open, look->aside);
		site->open_since_ns = now - ns;
	} else if (!look->aside) {
		subtract_one(&site->open);
	}
}

COLD void guard_count_record(struct look *look, bool wanted)
{
	struct guard_rest *rest = look->rest;
	uint64_t ticks = turn_clock_now(), now;
	struct trace_guard_site *site;
	OWN_CODE_SCOPE;

	look->spot.executor = look_executor(look);
	site = trace_open() ? guard_site_get(&look->spot) : NULL;
	if (!site)
		return;
	if (rest->header != (uintptr_t)look->header)
		*rest = (struct guard_rest){ .header = (uintptr_t)look->header, .since = ticks };
	/* Decided by the first guard: the task holds its other guards as long. */
	if (!look->found)
		look->goes_on = rest->site == trace_offset(site);
	if (!look->found && !look->goes_on)
		rest->site = trace_offset(site);
	look->found = true;
	if (!look->goes_on)
		counter_add(&site->count, 1);
	if (!look->rested)
		claim_rest(look, ticks);
	now = now_ns();
	counter_raise(&site->last_ns, now);
	if (wanted)
		look->matched = site;
	count_rest(look, site, now);
}

COLD void guard_count_refute(struct look *look, uint32_t value)
{
	struct trace_guard_site *site;
	OWN_CODE_SCOPE;

	look->layout->doubts[value] = VALUE_REFUTED;
	if (!trace_header())
		return;
	look->spot.executor = look_executor(look);
	site = guard_site_get(&look->spot);
	if (site)
		__atomic_fetch_or(&site->flags, GUARD_REFUTED, __ATOMIC_RELAXED);
}

COLD void guard_count_end(struct guard_rest *rest)
{
	if (rest->site)
		subtract_one(&((struct trace_guard_site *)trace_at(rest->site))->open);
	rest->counted = 0;
}
