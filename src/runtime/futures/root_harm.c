#include "root_harm.h"

#include "contract/trace_format.h"
#include "judgement/limits.h"
#include "runtime/tasks/task_registry.h"
#include "runtime/turns/turn_clock.h"
#include "runtime/base/runtime.h"

#define TASK_CANCELLED (1UL << 5) /* tokio/src/runtime/task/state.rs */

void root_harm_called(struct trace_site *site, uint8_t flags, uint64_t start_ns, uint64_t wall_ns)
{
	if (!(flags & SITE_ROOT_MULTI_THREAD) || wall_ns < LIMIT_ROOT_HANG)
		return;
	this_thread.root_blocked.site = site;
	this_thread.root_blocked.start_ns = start_ns;
	this_thread.root_blocked.woken = 0;
}

/* One that was aborted has not waited for this, and a new one was never polled. */
void root_harm_wakes_task(const void *header)
{
	uint64_t polled = task_registry_polled_at(header);
	uint64_t now = now_ns();

	if (polled && !(*(const uint64_t *)header & TASK_CANCELLED) &&
	    turn_clock_ns(turn_clock_now() - polled) > now - this_thread.root_blocked.start_ns)
		this_thread.root_blocked.woken++;
}

void root_harm_goes_on(void)
{
	struct trace_site *site = this_thread.root_blocked.site;

	if (LIKELY(!site))
		return;
	this_thread.root_blocked.site = NULL;
	if (!this_thread.root_blocked.woken)
		return;
	__atomic_fetch_add(&site->harm_events, this_thread.root_blocked.woken, __ATOMIC_RELAXED);
	__atomic_fetch_add(&site->harm_turns, 1, __ATOMIC_RELAXED);
}

void root_harm_forget(void)
{
	this_thread.root_blocked.site = NULL;
}
