/* The trace of a program that runs, looked at again and again: its threads, and room for what is
 * seen of them. */
#ifndef TOOLS_WATCHED_TRACE_H
#define TOOLS_WATCHED_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crowd.h"
#include "outside_stack.h"
#include "contract/trace_format.h"

struct task_snapshot;

/* What is remembered of a thread's present turn. */
struct watched_thread {
	uint32_t times; /* offset of its trace_turn_times */
	uint64_t turn;	/* start of the turn that is looked at; 0: none */
	struct thread_state first;
	uint64_t looks, asleep;			/* since; and how often it slept then */
	uint64_t told_ns;			/* its length when it was told last */
	uint64_t sp, pc;			/* of the stack in `look` */
	uint8_t block_on[TRACE_ROOT_STATE - 4]; /* of a root future: see struct trace_root */
	uint8_t budget;
	uint64_t over; /* start of a turn that stands for a poll that is over */
	struct trace_look look;
};

struct watched_trace {
	char *path;
	int fd;
	int process; /* its pidfd; -1: an old kernel has none */
	struct trace_header header;
	struct process_memory memory;
	struct outside *outside;
	struct task_snapshot *tasks;
	size_t next;	/* offset of the first record that was not read */
	uint32_t clock; /* offset of the trace_clock; 0: none yet */
	uint64_t scale;
	bool counter;
	struct watched_thread *threads;
	size_t count, room;
	struct watched_records {
		uint32_t *offsets; /* in the order of the file */
		size_t count, room;
	} records[RECORD_TYPES];
};

/* NULL when there is no trace of this run at `path`, or its process is not ours to look at. */
struct watched_trace *watched_trace_open(const char *path, const char *run);
void watched_trace_close(struct watched_trace *trace);

/* Takes in what was added to it. False when its process is gone. */
bool watched_trace_refresh(struct watched_trace *trace);

/* Of one thread as it is now: false when that runs no turns. */
bool watched_trace_read(struct watched_trace *trace, const struct watched_thread *thread,
			struct trace_turn_times *times, struct trace_thread *slot);

/* How long a turn has lasted that began at this tick. */
uint64_t watched_trace_age(const struct watched_trace *trace, uint64_t start);

/* Writes for the program to read what was seen of the machine. */
void watched_trace_write_crowd(struct watched_trace *trace, const struct crowd *crowd);

/* Writes thread->look where the program expects it. */
void watched_trace_write(struct watched_trace *trace, struct watched_thread *thread,
			 uint32_t offset);

#endif
