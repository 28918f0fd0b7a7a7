#include "turn_usage.h"

#include <sys/resource.h>

#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "runtime/trace/crowd.h"

THREAD_LOCAL struct turn_usage turn_usage;
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

	turn_usage = usage_now(now);
	turn_usage.delay_mark = crowd_mark();
	turn_usage.turns = this_thread.turn_counter ? *this_thread.turn_counter : 0;
}

static THREAD_LOCAL struct turn_usage paused;

void turn_usage_pauses(uint64_t now)
{
	OWN_CODE_SCOPE;

	paused = now - turn_usage.ticks > SHARED_WORD(turn_usage_interval) ? usage_now(now)
									   : turn_usage;
}

void turn_usage_goes_on(uint64_t now)
{
	struct turn_usage usage;
	OWN_CODE_SCOPE;

	if (now - paused.ticks <= SHARED_WORD(turn_usage_interval))
		return;
	usage = usage_now(now);
	if (usage.switches >= 0 && paused.switches >= 0 && turn_usage.switches >= 0) {
		turn_usage.cpu_ns += usage.cpu_ns - paused.cpu_ns;
		turn_usage.switches += usage.switches - paused.switches;
	}
	/* For nested parts, the outer one ends last. */
	paused = usage;
}
