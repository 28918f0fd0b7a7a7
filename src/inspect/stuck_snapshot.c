#include "stuck_snapshot.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "python/python_snapshot.h"
#include "session.h"
#include "support/memory.h"
#include "trace_finish.h"
#include "support/clock.h"

#define FIRST_NS  UINT64_C(500000000)  /* before the first look */
#define PERIOD_NS UINT64_C(1020000000) /* between two: three looks take over two seconds */
#define SHARE	  50		       /* a look may take one part of so many of the time */

struct stuck_snapshot {
	uint64_t due_ns;
	struct session session;
	struct stuck_watch watch;
	struct stuck_records records; /* of the last look */
	size_t returned;	      /* records of rings that were returned */
	struct python_snapshot *python;
};

struct stuck_snapshot *stuck_snapshot_create(void)
{
	struct stuck_snapshot *snapshot = memory_get(sizeof *snapshot);

	session_init(&snapshot->session,
		     &(struct session_options){ .in_haste = true, .cached_layouts = true });
	snapshot->due_ns = clock_monotonic_ns() + FIRST_NS;
	snapshot->python = python_snapshot_create();
	return snapshot;
}

void stuck_snapshot_destroy(struct stuck_snapshot *snapshot)
{
	stuck_watch_deinit(&snapshot->watch);
	stuck_records_deinit(&snapshot->records);
	session_deinit(&snapshot->session);
	python_snapshot_destroy(snapshot->python);
	free(snapshot);
}

static void stuck_look_at_trace(struct stuck_snapshot *snapshot, const char *path)
{
	char sentence[TRACE_SENTENCE_SIZE];
	struct address_space space;
	struct trace_file trace;

	stuck_records_deinit(&snapshot->records);
	if (trace_file_read(&trace, path, sentence)) {
		stuck_watch_deinit(&snapshot->watch);
		return;
	}
	address_space_init(&space, &snapshot->session, &trace);
	if (stuck_watch_look(&snapshot->watch, &space))
		stuck_watch_records(&snapshot->watch, &trace, &snapshot->records);
	address_space_deinit(&space);
	trace_file_close(&trace);
}

/* A program without tasks may have a root future. */
static bool runs_tokio(const struct watched_trace *trace)
{
	const struct watched_records *executors = &trace->records[RECORD_EXECUTOR];
	struct trace_executor executor;

	for (size_t i = 0; i < executors->count; i++)
		if (pread(trace->fd, &executor, sizeof executor, executors->offsets[i]) ==
			    sizeof executor &&
		    executor.family == FAMILY_TOKIO)
			return true;
	return trace->records[RECORD_TASKS].count;
}

/* Rings that have lasted. */
static size_t count_rings(const struct stuck_records *records, uint64_t least_ns)
{
	size_t count = 0;

	for (size_t i = 0; i < records->count; i++) {
		const struct trace_stuck *record = (const void *)records->items[i];
		const struct trace_stuck_task *tasks = (const void *)(record + 1);

		count += record->kind == STUCK_RING &&
			 record->seen_ns - tasks[0].polled_ns >= least_ns;
	}
	return count;
}

static const struct stuck_records *
look_at_tokio(struct stuck_snapshot *snapshot, const struct watched_trace *trace, uint64_t least_ns)
{
	uint64_t start_ns = clock_monotonic_ns(), took_ns;
	size_t rings;

	if (start_ns < snapshot->due_ns)
		return NULL;
	if (!runs_tokio(trace)) {
		snapshot->due_ns = start_ns + PERIOD_NS;
		return NULL;
	}
	stuck_look_at_trace(snapshot, trace->path);
	took_ns = clock_monotonic_ns() - start_ns;
	snapshot->due_ns = start_ns + (took_ns * SHARE > PERIOD_NS ? took_ns * SHARE : PERIOD_NS);
	rings = count_rings(&snapshot->records, least_ns);
	if (rings <= snapshot->returned)
		return NULL;
	snapshot->returned = rings;
	return &snapshot->records;
}

const struct stuck_records *stuck_snapshot_look(struct stuck_snapshot *snapshot,
						const struct watched_trace *trace,
						uint64_t least_ns)
{
	const struct stuck_records *records = look_at_tokio(snapshot, trace, least_ns);
	const struct python_snapshot_trace of_python = {
		.fd = trace->fd,
		.path = trace->path,
		.executors = trace->records[RECORD_EXECUTOR].offsets,
		.executor_count = trace->records[RECORD_EXECUTOR].count,
		.threads = trace->records[RECORD_THREAD].offsets,
		.thread_count = trace->records[RECORD_THREAD].count,
	};

	return records ? records : python_snapshot_look(snapshot->python, &of_python, least_ns);
}

static void append_records(const struct stuck_records *records, const struct watched_trace *trace)
{
	for (size_t i = 0; i < records->count; i++)
		trace_finish_append(trace->fd, records->items[i], records->items[i]->size);
}

void stuck_snapshot_write(struct stuck_snapshot *snapshot, const struct watched_trace *trace)
{
	append_records(&snapshot->records, trace);
	append_records(python_snapshot_proven(snapshot->python), trace);
}
