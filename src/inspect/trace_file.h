/*
 * A trace as it lies in a file, read with trust in nothing: whoever holds a struct trace_file finds
 * only records that lie within it, are whole, and are of the type that was asked for.
 */
#ifndef REPORT_TRACE_FILE_H
#define REPORT_TRACE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract/trace_format.h"

#define TRACE_RECORD_TYPES  RECORD_TYPES
#define TRACE_SENTENCE_SIZE 512

struct trace_file {
	/*
	 * A copy, not a mapping: the program may still write, and what was checked must stay as it
	 * was; and a file that is cut short under a mapping kills its reader.
	 */
	unsigned char *bytes;
	size_t size;
	const struct trace_header *header;
	uint8_t *known; /* a bit for every TRACE_ALIGN bytes: a good record begins here */
	struct {
		uint32_t *offsets; /* in the order of the file */
		size_t count, room;
	} records[TRACE_RECORD_TYPES];
	uid_t owner;
	bool running;	    /* the process is alive and still has the trace mapped */
	uint64_t read_ns;   /* CLOCK_MONOTONIC when it was read */
	size_t missing;	    /* bytes that the file should have and has not */
	size_t passed_over; /* bytes that make no sense */
};

/*
 * Returns 0, or -errno with `sentence` telling which file, why not, and what to do. A file of which
 * a part can be read is read: see trace_file_damage.
 */
int trace_file_read(struct trace_file *trace, const char *path, char sentence[TRACE_SENTENCE_SIZE]);
void trace_file_close(struct trace_file *trace);

/*
 * The last moment, of CLOCK_MONOTONIC, at which the process was seen alive: now, its end, or of one
 * that nobody saw end the last look of `yieldsan run'. 0: nobody looked.
 */
uint64_t trace_file_last_ns(const struct trace_file *trace);

/* CLOCK_MONOTONIC at a tick of the trace's clock; 0 when it has none. */
uint64_t trace_clock_ns(const struct trace_file *trace, uint64_t ticks);

/* What of the trace was lost between the program and here; false when nothing. */
bool trace_file_damage(const struct trace_file *trace, const char *path,
		       char sentence[TRACE_SENTENCE_SIZE]);

/* Whether findings may be in what was lost. */
bool trace_file_is_incomplete(const struct trace_file *trace);

/* The record at an offset that another record names; NULL when there is none of that type. */
const void *trace_file_record(const struct trace_file *trace, uint32_t offset,
			      enum record_type type);

/* Where a script is put together. */
union script_room {
	struct trace_script script;
	char bytes[sizeof(struct trace_script) + TRACE_SCRIPT_SIZE];
};

/* The script at an offset, as one text; NULL when there is none. It may lie in `room`. */
const struct trace_script *trace_file_script(const struct trace_file *trace, uint32_t offset,
					     union script_room *room);

/*
 * The call a thread is in, as far as that was written down whole: its counters, sizes and offsets
 * lie within bounds. False when it is in none.
 */
bool trace_file_call(const struct trace_file *trace, const struct trace_thread *thread,
		     struct trace_call_in_progress *call);

#endif
