#include "turn_usage.h"

#include <sys/resource.h>

#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/trace/crowd.h"

uint64_t turn_usage_interval = UINT64_MAX;

static struct turn_usage usage_now(uint64_t now)
{
	struct turn_usage usage = { .ticks = now, .switches = -1 };
	struct rusage taken;

	if (runtime_silent)
		return usage;
	/* Fails only under a seccomp filter that was installed without libc. */
	if (getrusage(RUSAGE_THREAD, &taken)) {
		trace_give_up_calls();
		return usage;
	}
	usage.cpu_ns = timeval_ns(taken.ru_utime) + timeval_ns(taken.ru_stime);
	usage.switches = taken.ru_nvcsw;
	return usage;
}

void turn_usage_at(uint64_t now, struct turn_usage *usage)
{
	*usage = usage_now(now);
}

COLD void turn_usage_take(uint64_t now)
{
	OWN_CODE_SCOPE;

	this_thread.turn_usage = usage_now(now);
	this_thread.turn_usage.delay_mark = crowd_mark();
	this_thread.turn_usage.turns = this_thread.turn_counter ? *this_thread.turn_counter : 0;
}

void turn_usage_pauses(uint64_t now)
{
	OWN_CODE_SCOPE;

	this_thread.paused_usage =
		now - this_thread.turn_usage.ticks > SHARED_WORD(turn_usage_interval)
			? usage_now(now)
			: this_thread.turn_usage;
}

void turn_usage_goes_on(uint64_t now)
{
	struct turn_usage usage;
	OWN_CODE_SCOPE;

	if (now - this_thread.paused_usage.ticks <= SHARED_WORD(turn_usage_interval))
		return;
	usage = usage_now(now);
	if (usage.switches >= 0 && this_thread.paused_usage.switches >= 0 &&
	    this_thread.turn_usage.switches >= 0) {
		this_thread.turn_usage.cpu_ns += usage.cpu_ns - this_thread.paused_usage.cpu_ns;
		this_thread.turn_usage.switches +=
			usage.switches - this_thread.paused_usage.switches;
	}
	/* For nested parts, the outer one ends last. */
	this_thread.paused_usage = usage;
}
