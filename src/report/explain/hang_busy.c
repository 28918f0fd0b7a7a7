#include "hang_busy.h"

#include <stdlib.h>
#include <time.h>

#include "hang.h"
#include "inspect/session.h"
#include "inspect/thread_state.h"
#include "inspect/trace_file.h"
#include "support/clock.h"
#include "support/memory.h"

#define MOST_BUSY	8192
#define FIRST_PAUSE_NS	100000000
#define SECOND_PAUSE_NS 900000000

/* What the scheduler says of a thread. */
struct work {
	int32_t tid;
	uint64_t active_ns; /* in which it ran, or was ready to run */
	uint64_t switches;  /* those that it made to wait */
};

/* False: the thread has ended. */
static bool work_read(pid_t pid, int32_t tid, struct work *work)
{
	struct thread_state state;

	if (!thread_state_read(pid, tid, &state))
		return false;
	*work = (struct work){ tid, state.ran_ns + state.runnable_ns, thread_switches(pid, tid) };
	return true;
}

static size_t work_read_all(const struct trace_file *trace, struct work *works)
{
	int32_t *tids = memory_get(MOST_BUSY * sizeof *tids);
	size_t count = trace_file_threads(trace, tids, MOST_BUSY), kept = 0;

	for (size_t i = 0; i < count; i++)
		kept += work_read(trace->header->pid, tids[i], &works[kept]);
	free(tids);
	return kept;
}

/*
 * After a pause, keeps those that never waited, and had or wanted a processor all the time: nine
 * tenths of it, for the account of one that runs is as old as the last tick.
 */
static size_t keep_busy(const struct trace_file *trace, struct work *works, size_t count,
			uint64_t pause_ns)
{
	const struct timespec pause = { .tv_nsec = (long)pause_ns };
	uint64_t start_ns = clock_monotonic_ns(), elapsed_ns;
	size_t kept = 0;

	nanosleep(&pause, NULL);
	elapsed_ns = clock_monotonic_ns() - start_ns;
	for (size_t i = 0; i < count; i++) {
		struct work now;

		if (work_read(trace->header->pid, works[i].tid, &now) &&
		    now.switches == works[i].switches &&
		    now.active_ns - works[i].active_ns >= elapsed_ns / 10 * 9)
			works[kept++] = now;
	}
	return kept;
}

void hang_find_busy(struct hang *hang, const struct trace_file *trace)
{
	struct work *works = memory_get(MOST_BUSY * sizeof *works);
	size_t count = work_read_all(trace, works);

	count = keep_busy(trace, works, count, FIRST_PAUSE_NS);
	if (count)
		count = keep_busy(trace, works, count, SECOND_PAUSE_NS);
	hang->busy = obstack_alloc(&hang->session->memory, (count + 1) * sizeof *hang->busy);
	for (size_t i = 0; i < count; i++)
		hang->busy[i] = (struct busy_thread){ works[i].tid,
						      hang_thread_name(hang, trace, works[i].tid) };
	hang->busy_count = count;
	free(works);
}
