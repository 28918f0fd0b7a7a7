#include "watched_trace.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "support/memory.h"
#include "process_alive.h"
#include "stuck_snapshot.h"
#include "task_snapshot.h"
#include "trace_finish.h"
#include "shared/arch/arch.h"
#include "support/clock.h"

struct watched_trace *watched_trace_open(const char *path, const char *run)
{
	struct watched_trace *trace;
	struct trace_header header;
	struct stat status;
	int fd = trace_finish_open(path, &header);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) || !trace_finish_is_of_run(fd, &header, run) ||
	    !process_alive(header.pid, path, &status)) {
		close(fd);
		return NULL;
	}
	trace = memory_get(sizeof *trace);
	trace->path = memory_text(path);
	trace->fd = fd;
	trace->process = (int)syscall(SYS_pidfd_open, header.pid, 0);
	trace->header = header;
	trace->next = header.header_size;
	process_memory_open(&trace->memory, header.pid);
	trace->outside = outside_create(header.pid, &trace->memory);
	trace->tasks = task_snapshot_create();
	trace->stuck = stuck_snapshot_create();
	return trace;
}

void watched_trace_close(struct watched_trace *trace)
{
	outside_destroy(trace->outside);
	task_snapshot_destroy(trace->tasks);
	stuck_snapshot_destroy(trace->stuck);
	process_memory_close(&trace->memory);
	close(trace->fd);
	if (trace->process >= 0)
		close(trace->process);
	for (size_t i = 0; i < RECORD_TYPES; i++)
		free(trace->records[i].offsets);
	free(trace->threads);
	free(trace->path);
	free(trace);
}

static void watched_trace_take_thread(struct watched_trace *trace)
{
	struct watched_thread *thread;

	trace->threads =
		memory_grow(trace->threads, trace->count, &trace->room, sizeof *trace->threads);
	thread = &trace->threads[trace->count++];
	memset(thread, 0, sizeof *thread);
	thread->times = (uint32_t)trace->next;
}

static void watched_trace_take_record(struct watched_trace *trace, const struct trace_record *head)
{
	struct watched_records *known;

	if (head->type == RECORD_CLOCK)
		trace->clock = (uint32_t)trace->next;
	if (head->type == RECORD_TURN_TIMES)
		watched_trace_take_thread(trace);
	if (head->type >= RECORD_TYPES)
		return;
	known = &trace->records[head->type];
	known->offsets =
		memory_grow(known->offsets, known->count, &known->room, sizeof *known->offsets);
	known->offsets[known->count++] = (uint32_t)trace->next;
}

/* A killed process vanishes before its parent collects its status. */
static bool is_gone(const struct watched_trace *trace)
{
	struct pollfd process = { .fd = trace->process, .events = POLLIN };

	if (trace->process >= 0)
		return poll(&process, 1, 0) == 1;
	return kill(trace->header.pid, 0) && errno == ESRCH;
}

bool watched_trace_refresh(struct watched_trace *trace)
{
	const bool gone =
		is_gone(trace); /* check first: then the header read next is the last one */
	struct trace_record head;
	struct trace_clock clock;

	if (pread(trace->fd, &trace->header, sizeof trace->header, 0) != sizeof trace->header ||
	    trace->header.end != TRACE_END_UNKNOWN || gone)
		return false;
	/* Stops at a record that is being filled; reads on the next time. */
	while (trace->next < trace->header.used &&
	       pread(trace->fd, &head, sizeof head, (off_t)trace->next) == sizeof head &&
	       head.type != RECORD_UNFINISHED && head.size >= sizeof head) {
		watched_trace_take_record(trace, &head);
		trace->next += head.size;
	}
	if (trace->clock &&
	    pread(trace->fd, &clock, sizeof clock, (off_t)trace->clock) == sizeof clock) {
		trace->scale = clock.scale;
		trace->counter = clock.counter;
	}
	return true;
}

bool watched_trace_read(struct watched_trace *trace, const struct watched_thread *thread,
			struct trace_turn_times *times, struct trace_thread *slot)
{
	const size_t times_size = offsetof(struct trace_turn_times, recent);
	const size_t slot_size = offsetof(struct trace_thread, call) +
				 offsetof(struct trace_call_in_progress, frames);

	return pread(trace->fd, times, times_size, thread->times) == (ssize_t)times_size &&
	       times->thread &&
	       pread(trace->fd, slot, slot_size, times->thread) == (ssize_t)slot_size &&
	       slot->head.type == RECORD_THREAD && slot->alive;
}

uint64_t watched_trace_age(const struct watched_trace *trace, uint64_t start)
{
	uint64_t now = trace->counter ? arch_ticks() : clock_monotonic_ns();

	return now > start ? (uint64_t)((unsigned __int128)(now - start) * trace->scale >> 32) : 0;
}

void watched_trace_write(struct watched_trace *trace, struct watched_thread *thread,
			 uint32_t offset)
{
	struct trace_look *look = &thread->look;
	const size_t head = offsetof(struct trace_look, sequence);
	const size_t behind = head + sizeof look->sequence;
	struct trace_record known;

	if (!offset || pread(trace->fd, &known, sizeof known, offset) != sizeof known ||
	    known.type != RECORD_LOOK || known.size < sizeof *look)
		return;
	look->sequence |= 1;
	(void)!pwrite(trace->fd, &look->sequence, sizeof look->sequence, (off_t)(offset + head));
	(void)!pwrite(trace->fd, (const char *)look + behind, sizeof *look - behind,
		      (off_t)(offset + behind));
	look->sequence++;
	(void)!pwrite(trace->fd, &look->sequence, sizeof look->sequence, (off_t)(offset + head));
}

void watched_trace_write_crowd(struct watched_trace *trace, const struct crowd *crowd)
{
	const uint64_t seen[] = { crowd->looked_ns, crowd->crowded_ns, crowd->delayed_ns };

	_Static_assert(offsetof(struct trace_header, delayed_ns) ==
			       offsetof(struct trace_header, looked_ns) + 2 * sizeof seen[0],
		       "written at once");
	const uint64_t disks[] = { crowd->disks_busy_since_ns, crowd->disks_busy_until_ns };

	_Static_assert(offsetof(struct trace_header, disks_busy_until_ns) ==
			       offsetof(struct trace_header, disks_busy_since_ns) + sizeof disks[0],
		       "written at once");
	(void)!pwrite(trace->fd, seen, sizeof seen, offsetof(struct trace_header, looked_ns));
	(void)!pwrite(trace->fd, disks, sizeof disks,
		      offsetof(struct trace_header, disks_busy_since_ns));
}
