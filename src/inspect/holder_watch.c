#include "holder_watch.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void write_at(const struct watched_trace *trace, const void *bytes, size_t size,
		     size_t offset)
{
	(void)!pwrite(trace->fd, bytes, size, (off_t)offset);
}

static void write_name(const struct watched_trace *trace, const struct trace_deadlock_edge *edge,
		       size_t offset)
{
	char path[64], name[TRACE_NAME_SIZE] = "";
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/comm", trace->header.pid, edge->holder);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(name, sizeof name, file)) {
		name[strcspn(name, "\n")] = '\0';
		write_at(trace, name, sizeof name,
			 offset + offsetof(struct trace_deadlock_edge, holder_thread));
	}
	fclose(file);
}

static void holder_look(struct watched_trace *trace, const struct trace_deadlock_edge *edge,
			size_t offset)
{
	struct trace_stack stack;
	struct thread_wait wait;
	uint64_t frames[TRACE_LOOK_FRAMES];

	if (pread(trace->fd, &stack, sizeof stack, edge->present) != sizeof stack ||
	    stack.head.type != RECORD_STACK || stack.depth ||
	    stack.head.size < sizeof stack + sizeof frames ||
	    !thread_wait_read(trace->header.pid, edge->holder, &wait))
		return;
	stack.depth = (uint32_t)outside_stack(trace->outside, &wait, frames, TRACE_LOOK_FRAMES);
	if (!stack.depth)
		return;
	write_name(trace, edge, offset);
	write_at(trace, frames, sizeof frames, edge->present + sizeof stack);
	write_at(trace, &stack, sizeof stack, edge->present);
}

void holder_watch_look(struct watched_trace *trace)
{
	const struct watched_records *deadlocks = &trace->records[RECORD_DEADLOCK];

	for (size_t i = 0; i < deadlocks->count; i++) {
		size_t offset = deadlocks->offsets[i];
		struct trace_deadlock deadlock;

		if (pread(trace->fd, &deadlock, sizeof deadlock, (off_t)offset) !=
			    sizeof deadlock ||
		    deadlock.state != DEADLOCK_WAITS || deadlock.edge_count > TRACE_MAX_EDGES)
			continue;
		for (uint32_t n = 0; n < deadlock.edge_count; n++)
			if (deadlock.edges[n].present)
				holder_look(trace, &deadlock.edges[n],
					    offset + offsetof(struct trace_deadlock, edges) +
						    n * sizeof *deadlock.edges);
	}
}
