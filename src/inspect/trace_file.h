/*
 * A trace read from a file, which is not trusted: a struct trace_file only returns records that lie
 * within it, are complete, and have the requested type.
 */
#ifndef REPORT_TRACE_FILE_H
#define REPORT_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract/trace_format.h"
#include "process_file.h"
#include "thread_state.h"

struct process_image;

#define TRACE_RECORD_TYPES  RECORD_TYPES
#define TRACE_SENTENCE_SIZE 512

struct trace_file {
	/*
	 * A copy, not a mapping: the program may still write, and checked data must not change; and
	 * truncating a mapped file kills its reader.
	 */
	unsigned char *bytes;
	size_t size;
	const struct trace_header *header;
	uint8_t *known; /* a bit for every TRACE_ALIGN bytes: a valid record begins here */
	struct {
		uint32_t *offsets; /* in file order */
		size_t count, room;
	} records[TRACE_RECORD_TYPES];
	uid_t owner;
	bool running;	  /* the process is alive and still has the trace mapped */
	uint64_t read_ns; /* CLOCK_MONOTONIC when it was read */
	/* Of a process that was not watched, or of a core: where all was read from. NULL: a file.
	 */
	struct process_image *image;
	char old_tokio[16]; /* version of a Tokio whose tasks cannot be found; "" */
	size_t torn_tasks;  /* tasks that changed every time they were read, and are left out */
	size_t missing;	    /* bytes missing from the file */
	size_t passed_over; /* bytes that make no sense */
};

/*
 * Returns 0, or -errno with `sentence`: which file, why, and what to do. Reads a partly readable
 * file as far as possible: see trace_file_damage.
 */
int trace_file_read(struct trace_file *trace, const char *path, char sentence[TRACE_SENTENCE_SIZE]);
void trace_file_close(struct trace_file *trace);

/* Makes a trace of records that were put together here, and takes over both. */
void trace_file_take(struct trace_file *trace, unsigned char *bytes, size_t size,
		     struct process_image *image);

/* Whether the process's memory can be read: it runs, or there is its core. */
static inline bool trace_file_has_memory(const struct trace_file *trace)
{
	return trace->running || trace->image;
}

/* False with errno if it may not be read. Close it with process_memory_close, before the trace. */
bool trace_file_memory(const struct trace_file *trace, struct process_memory *memory);

/* Ids of the threads, for a trace with memory; returns their number, at most `room`. */
size_t trace_file_threads(const struct trace_file *trace, int32_t *tids, size_t room);

/* Where a thread sleeps, or was in a core. False if it does not sleep, or may not be inspected. */
bool trace_file_wait(const struct trace_file *trace, int32_t tid, struct thread_wait *wait);

/*
 * The last CLOCK_MONOTONIC time at which the process was known to be alive: now, its end, or, if
 * the end was not seen, the last sample of `yieldsan run'. 0: never sampled.
 */
uint64_t trace_file_last_ns(const struct trace_file *trace);

/* Converts a tick of the trace's clock to CLOCK_MONOTONIC; 0 if it has no clock. */
uint64_t trace_clock_ns(const struct trace_file *trace, uint64_t ticks);

/* Describes what part of the trace was lost; false if none was. */
bool trace_file_damage(const struct trace_file *trace, const char *path,
		       char sentence[TRACE_SENTENCE_SIZE]);

/* Whether the lost part may contain findings. */
bool trace_file_is_incomplete(const struct trace_file *trace);

/* The record at an offset that another record names; NULL if it has another type. */
const void *trace_file_record(const struct trace_file *trace, uint32_t offset,
			      enum record_type type);

/* Buffer for assembling a script. */
union script_room {
	struct trace_script script;
	char bytes[sizeof(struct trace_script) + TRACE_SCRIPT_SIZE];
};

/* The script at an offset, as one text; NULL if there is none. May be stored in `room`. */
const struct trace_script *trace_file_script(const struct trace_file *trace, uint32_t offset,
					     union script_room *room);

/*
 * The thread's current call, if it was recorded completely: counters, sizes and offsets are within
 * bounds. False if it is in none.
 */
bool trace_file_call(const struct trace_file *trace, const struct trace_thread *thread,
		     struct trace_call_in_progress *call);

#endif
