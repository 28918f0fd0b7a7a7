#include "hang_busy.h"

#include <stdlib.h>
#include <time.h>

#include "hang.h"
#include "inspect/session.h"
#include "inspect/thread_state.h"
#include "inspect/trace_file.h"
#include "support/clock.h"
#include "support/memory.h"

#define MOST_BUSY 8192		      /* threads */
#define SHORT_NS  UINT64_C(100000000) /* after which most threads have waited */
#define LONG_NS	  UINT64_C(1000000000)

/* False: the thread has ended. */
static bool work_read(pid_t pid, int32_t tid, struct work *work)
{
	struct thread_state state;

	if (!thread_state_read(pid, tid, &state))
		return false;
	*work = (struct work){ tid, state.ran_ns + state.runnable_ns, thread_switches(pid, tid) };
	return true;
}

void busy_search_begin(struct busy_search *search, const struct trace_file *trace)
{
	int32_t *tids;
	size_t count;

	*search = (struct busy_search){ 0 };
	if (!trace->image || !trace->running)
		return;
	tids = memory_get(MOST_BUSY * sizeof *tids);
	count = trace_file_threads(trace, tids, MOST_BUSY);
	search->works = memory_get((count + 1) * sizeof *search->works);
	search->since_ns = clock_monotonic_ns();
	for (size_t i = 0; i < count; i++)
		search->count +=
			work_read(trace->header->pid, tids[i], &search->works[search->count]);
	free(tids);
}

/*
 * Once the search is so old, keeps the threads that never waited, and had or wanted a processor all
 * the time: nine tenths of it, for the account of one that runs is as old as the last tick.
 */
static void keep_busy(struct busy_search *search, const struct trace_file *trace, uint64_t least_ns)
{
	uint64_t age_ns = clock_monotonic_ns() - search->since_ns;
	size_t kept = 0;

	if (age_ns < least_ns) {
		const struct timespec rest = { .tv_nsec = (long)(least_ns - age_ns) };

		nanosleep(&rest, NULL);
		age_ns = clock_monotonic_ns() - search->since_ns;
	}
	for (size_t i = 0; i < search->count; i++) {
		const struct work *first = &search->works[i];
		struct work now;

		if (work_read(trace->header->pid, first->tid, &now) &&
		    now.switches == first->switches &&
		    now.active_ns - first->active_ns >= age_ns / 10 * 9)
			search->works[kept++] = *first;
	}
	search->count = kept;
}

static bool is_any_blocked(const struct hang *hang)
{
	for (size_t i = 0; i < hang->count; i++)
		if (hung_thread_is_blocked(&hang->threads[i]))
			return true;
	return false;
}

void busy_search_end(struct busy_search *search, struct hang *hang, const struct trace_file *trace)
{
	if (is_any_blocked(hang))
		search->count = 0;
	if (search->count)
		keep_busy(search, trace, SHORT_NS);
	if (search->count)
		keep_busy(search, trace, LONG_NS);
	hang->busy =
		obstack_alloc(&hang->session->memory, (search->count + 1) * sizeof *hang->busy);
	for (size_t i = 0; i < search->count; i++)
		hang->busy[i] =
			(struct busy_thread){ search->works[i].tid,
					      hang_thread_name(hang, trace, search->works[i].tid) };
	hang->busy_count = search->count;
	free(search->works);
}
