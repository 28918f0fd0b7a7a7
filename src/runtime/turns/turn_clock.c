#include "turn_clock.h"

#include "runtime/trace/trace.h"

#define ONE (UINT64_C(1) << 32)
/* CPUID 0x80000007, EDX: the counter never stops or changes its rate. */
#define SHORTEST_NS    UINT64_C(20000)	  /* between two readings that give the rate to 0.5 % */
#define CLOCK_READINGS 10000		  /* readings, in case the clock does not advance */
#define SURE_NS	       UINT64_C(10000000) /* gives the rate to 0.001 %: a longer time is no better */

struct turn_clock turn_clock;

static struct {
	uint64_t ticks, ns;
} started;
static struct trace_clock *record;

static void clock_read_both(uint64_t *ticks, uint64_t *ns)
{
	uint64_t before = turn_clock_now();

	*ns = now_ns();
	*ticks = turn_clock.counter ? before + (turn_clock_now() - before) / 2 : *ns;
}

void turn_clock_init(void)
{
	turn_clock.counter = arch_ticks_are_constant();
	clock_read_both(&started.ticks, &started.ns);
}

static struct trace_clock *turn_clock_write_record(void)
{
	struct trace_clock *written = trace_allocate(sizeof *written);

	if (!written)
		return NULL;
	written->counter = turn_clock.counter;
	written->scale = __atomic_load_n(&turn_clock.scale, __ATOMIC_RELAXED);
	__atomic_store_n(&record, written, __ATOMIC_RELEASE);
	return written;
}

void turn_clock_calibrate(void)
{
	struct trace_clock *written = __atomic_load_n(&record, __ATOMIC_ACQUIRE);
	uint64_t ticks, ns, scale = __atomic_load_n(&turn_clock.scale, __ATOMIC_RELAXED);
	unsigned looks = 0;

	do
		clock_read_both(&ticks, &ns);
	while (ns - started.ns < SHORTEST_NS && ++looks < CLOCK_READINGS);
	/* A clock that stands still or went back: turns have no length. */
	if (ns <= started.ns || ticks <= started.ticks)
		scale = 0;
	else if (!scale || ns - started.ns >= SURE_NS)
		scale = turn_clock.counter
				? (uint64_t)(((unsigned __int128)(ns - started.ns) << 32) /
					     (ticks - started.ticks))
				: ONE;
	__atomic_store_n(&turn_clock.scale, scale, __ATOMIC_RELAXED);
	if (!written)
		written = turn_clock_write_record();
	if (!written)
		return;
	/* A reader that sees only one of the two stores is wrong by the clocks' drift at most. */
	__atomic_store_n(&written->scale, scale, __ATOMIC_RELAXED);
	__atomic_store_n(&written->ticks, ticks, __ATOMIC_RELAXED);
	__atomic_store_n(&written->ns, ns, __ATOMIC_RELAXED);
	if (__atomic_load_n(&written->head.type, __ATOMIC_RELAXED) == RECORD_UNFINISHED)
		trace_publish(written, RECORD_CLOCK);
}

void turn_clock_forget(void)
{
	record = NULL;
}
