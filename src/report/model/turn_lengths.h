/* Turn lengths of an executor: from its counts in the trace to the numbers of a report. */
#ifndef REPORT_TURN_LENGTHS_H
#define REPORT_TURN_LENGTHS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/address_space.h"

struct task_type {
	const char *name; /* kept */
	uint64_t turns, total_ns, max_ns;
};

#define TURN_OCTAVES 48 /* a turn of n ns counts in octave floor(log2 n) */

struct turn_lengths {
	uint64_t turns;			 /* that were timed */
	uint64_t p50_ns, p99_ns, max_ns; /* to three digits */
	uint64_t octaves[TURN_OCTAVES];	 /* number of turns in each octave */
	double busy_share;		 /* share of its threads' time; negative: unknown */
	uint64_t busy_ns, span_ns;	 /* in turns, and in all, over its threads */
	struct task_type *types;	 /* slowest first; in the report's memory */
	size_t type_count;
};

/* For the executor whose record is at this offset. */
struct turn_lengths turn_lengths_read(struct address_space *space, uint32_t executor);

#endif
