/* The trace of a running program, sampled repeatedly: its threads, and a record of what was seen of
 * them. */
#ifndef TOOLS_WATCHED_TRACE_H
#define TOOLS_WATCHED_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crowd.h"
#include "outside_stack.h"
#include "contract/trace_format.h"

struct task_snapshot;

/* What is remembered of a thread's current turn. */
struct watched_thread {
	uint32_t times; /* offset of its trace_turn_times */
	uint64_t turn;	/* start of the current turn; 0: none */
	struct thread_state first;
	uint64_t looks, asleep; /* samples since then, and how many found it asleep */
	uint64_t reported_ns;	/* its length when it was last reported */
	uint64_t sp, pc;	/* of the stack in `look` */
	uint8_t block_on[TRACE_ROOT_STATE - 4]; /* of a root future: see struct trace_root */
	uint8_t budget;
	uint64_t over; /* start of a turn that stands for a finished poll */
	struct trace_look look;
};

struct watched_trace {
	char *path;
	int fd;
	int process; /* its pidfd; -1: not supported by this kernel */
	struct trace_header header;
	struct process_memory memory;
	struct outside *outside;
	struct task_snapshot *tasks;
	struct stuck_snapshot *stuck;
	size_t next;	/* offset of the first unread record */
	uint32_t clock; /* offset of the trace_clock; 0: none yet */
	uint64_t scale;
	bool counter;
	struct watched_thread *threads;
	size_t count, room;
	struct watched_records {
		uint32_t *offsets; /* in file order */
		size_t count, room;
	} records[RECORD_TYPES];
};

/* NULL if there is no trace of this run at `path`, or its process may not be inspected. */
struct watched_trace *watched_trace_open(const char *path, const char *run);
void watched_trace_close(struct watched_trace *trace);

/* Reads new records. False if its process has ended. */
bool watched_trace_refresh(struct watched_trace *trace);

/* Reads a thread's current state: false if it runs no turns. */
bool watched_trace_read(struct watched_trace *trace, const struct watched_thread *thread,
			struct trace_turn_times *times, struct trace_thread *slot);

/* Age of a turn that began at this tick. */
uint64_t watched_trace_age(const struct watched_trace *trace, uint64_t start);

/* Writes the observed machine load for the program to read. */
void watched_trace_write_crowd(struct watched_trace *trace, const struct crowd *crowd);

/* Writes thread->look to where the program expects it. */
void watched_trace_write(struct watched_trace *trace, struct watched_thread *thread,
			 uint32_t offset);

#endif
