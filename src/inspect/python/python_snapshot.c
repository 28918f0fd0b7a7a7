#include "python_snapshot.h"

#include <stdlib.h>
#include <unistd.h>

#include "executors/executors.h"
#include "python_look.h"
#include "support/clock.h"
#include "support/memory.h"

#define PERIOD_NS     UINT64_C(1020000000) /* three looks take over two seconds */
#define LONGEST_NS    (16 * PERIOD_NS)	   /* between looks at loops that are never quite idle */
#define SHARE	      50		   /* a look may take one part of so many of the time */
#define TURNS_OF_BUSY 100		   /* in a period */
#define MOST_LOOPS    64

struct python_snapshot {
	uint64_t due_ns, pause_ns;
	uint64_t turns;	    /* of all loops, when it was due last */
	uint64_t budget_ns; /* no look before */
	uint64_t look_ns;   /* no look before at loops with few turns */
	bool is_settled;    /* the last look saw the loops idle, and no turn has begun since */
	struct python_watch watch;
	struct stuck_records records; /* proven by the last look */
	size_t returned;
};

struct python_snapshot *python_snapshot_create(void)
{
	struct python_snapshot *snapshot = memory_get(sizeof *snapshot);

	snapshot->pause_ns = PERIOD_NS;
	snapshot->due_ns = clock_monotonic_ns() + PERIOD_NS;
	return snapshot;
}

void python_snapshot_destroy(struct python_snapshot *snapshot)
{
	python_watch_deinit(&snapshot->watch);
	stuck_records_deinit(&snapshot->records);
	free(snapshot);
}

const struct stuck_records *python_snapshot_proven(const struct python_snapshot *snapshot)
{
	return &snapshot->records;
}

/* The loops of asyncio in a trace, and what they have done. */
struct loops {
	uint32_t offsets[MOST_LOOPS]; /* of their trace_executors */
	size_t count;
	uint64_t turns;
	bool is_in_turn;
};

static void find_loops(struct loops *loops, const struct python_snapshot_trace *trace)
{
	struct trace_executor executor;

	for (size_t i = 0; i < trace->executor_count && loops->count < MOST_LOOPS; i++) {
		if (pread(trace->fd, &executor, sizeof executor, trace->executors[i]) !=
		    sizeof executor)
			continue;
		executor.name[sizeof executor.name - 1] = '\0';
		if (!executor_runs_asyncio(executor_id_of(executor.family, executor.name)))
			continue;
		loops->offsets[loops->count++] = trace->executors[i];
		loops->turns += executor.turns_ended;
	}
}

static bool is_loop(const struct loops *loops, uint32_t offset)
{
	for (size_t i = 0; i < loops->count; i++)
		if (loops->offsets[i] == offset)
			return true;
	return false;
}

static void add_turns_of_threads(struct loops *loops, const struct python_snapshot_trace *trace)
{
	const size_t size = offsetof(struct trace_thread, call);
	struct trace_thread slot;

	for (size_t i = 0; i < trace->thread_count; i++) {
		if (pread(trace->fd, &slot, size, trace->threads[i]) != (ssize_t)size ||
		    !slot.alive)
			continue;
		for (size_t j = 0; j < TRACE_THREAD_EXECUTORS; j++)
			if (slot.turns[j].executor && is_loop(loops, slot.turns[j].executor))
				loops->turns += slot.turns[j].turns;
		loops->is_in_turn |= slot.turn_start && is_loop(loops, slot.executor);
	}
}

/* As no turn has begun, all is as it was. */
static void still_seen(const struct stuck_records *records)
{
	for (size_t i = 0; i < records->count; i++) {
		struct trace_python_ring *record = (void *)records->items[i];

		record->seen_ns = clock_monotonic_ns();
	}
}

/* What was found must be seen again without delay, until it is proven and has been returned. */
static bool wants_look_again(const struct python_snapshot *snapshot, uint64_t now_ns)
{
	if (!snapshot->records.count)
		return true;
	return now_ns >= snapshot->budget_ns &&
	       (!snapshot->is_settled || snapshot->returned < snapshot->records.count);
}

/* Whether something may have changed since the last look, and the loops have time for one. */
static bool wants_look(struct python_snapshot *snapshot, const struct python_snapshot_trace *trace,
		       uint64_t now_ns)
{
	struct loops loops = { 0 };
	bool is_idle, wants;
	uint64_t turns;

	find_loops(&loops, trace);
	if (!loops.count)
		return false;
	add_turns_of_threads(&loops, trace);
	turns = loops.turns - snapshot->turns;
	snapshot->turns = loops.turns;
	is_idle = !turns && !loops.is_in_turn;
	snapshot->is_settled &= is_idle;
	if (snapshot->is_settled)
		still_seen(&snapshot->records);
	if (snapshot->watch.stuck)
		wants = wants_look_again(snapshot, now_ns);
	else
		wants = !snapshot->is_settled && !loops.is_in_turn && turns <= TURNS_OF_BUSY &&
			now_ns >= (is_idle ? snapshot->budget_ns : snapshot->look_ns);
	snapshot->is_settled |= is_idle && wants;
	return wants;
}

static void look_at_python(struct python_snapshot *snapshot, const char *path)
{
	char sentence[TRACE_SENTENCE_SIZE];
	struct trace_file trace;

	stuck_records_deinit(&snapshot->records);
	if (trace_file_read(&trace, path, sentence)) {
		python_watch_deinit(&snapshot->watch);
		return;
	}
	python_watch_look(&snapshot->watch, &trace);
	python_watch_records(&snapshot->watch, &trace, &snapshot->records);
	trace_file_close(&trace);
}

static size_t count_lasting(const struct stuck_records *records, uint64_t least_ns)
{
	size_t count = 0;

	for (size_t i = 0; i < records->count; i++) {
		const struct trace_python_ring *record = (const void *)records->items[i];

		count += record->seen_ns - record->since_ns >= least_ns;
	}
	return count;
}

const struct stuck_records *python_snapshot_look(struct python_snapshot *snapshot,
						 const struct python_snapshot_trace *trace,
						 uint64_t least_ns)
{
	uint64_t start_ns = clock_monotonic_ns();
	size_t lasting;

	if (start_ns < snapshot->due_ns)
		return NULL;
	snapshot->due_ns = start_ns + PERIOD_NS;
	if (!wants_look(snapshot, trace, start_ns))
		return NULL;
	look_at_python(snapshot, trace->path);
	snapshot->budget_ns = start_ns + (clock_monotonic_ns() - start_ns) * SHARE;
	snapshot->pause_ns =
		snapshot->pause_ns * 2 < LONGEST_NS ? snapshot->pause_ns * 2 : LONGEST_NS;
	snapshot->look_ns = start_ns + snapshot->pause_ns;
	if (snapshot->look_ns < snapshot->budget_ns)
		snapshot->look_ns = snapshot->budget_ns;
	lasting = count_lasting(&snapshot->records, least_ns);
	if (lasting <= snapshot->returned)
		return NULL;
	snapshot->returned = lasting;
	return &snapshot->records;
}
