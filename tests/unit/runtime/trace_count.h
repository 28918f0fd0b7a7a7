/* Records in the trace that this process writes. */
#ifndef TESTS_TRACE_COUNT_H
#define TESTS_TRACE_COUNT_H

#include "runtime/trace/trace.h"

/* The nth record of a type, from 0; NULL if there are fewer. */
static inline const void *trace_nth(enum record_type type, size_t n)
{
	uint64_t at = sizeof(struct trace_header);
	const struct trace_record *record;

	while (trace_header() && (record = trace_next_record(&at)))
		if (record->type == type && !n--)
			return record;
	return NULL;
}

static inline size_t trace_count(enum record_type type)
{
	size_t count = 0;

	while (trace_nth(type, count))
		count++;
	return count;
}

#endif
