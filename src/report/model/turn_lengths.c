#include "turn_lengths.h"

#include <stdlib.h>
#include <string.h>

#include "inspect/session.h"
#include "inspect/task_type.h"

/* All lengths of one executor; indexed by page and step as in trace_turn_lengths. */
struct lengths {
	uint64_t counts[TRACE_LENGTH_PAGES][TRACE_LENGTH_STEPS];
	uint64_t counted, turns, busy_ns, span_ns, max_ns;
};

static const void *record_at(const struct trace_file *trace, enum record_type type, size_t i)
{
	return trace->bytes + trace->records[type].offsets[i];
}

static void lengths_count(struct lengths *lengths, uint64_t ns)
{
	unsigned exponent = ns ? 63 - (unsigned)__builtin_clzll(ns) : 0, page = 0;
	uint64_t step = ns;

	if (exponent >= 10) {
		page = exponent - 9;
		step = (ns >> (page - 1)) - TRACE_LENGTH_STEPS;
	}
	if (page >= TRACE_LENGTH_PAGES) {
		page = TRACE_LENGTH_PAGES - 1;
		step = TRACE_LENGTH_STEPS - 1;
	}
	lengths->counts[page][step]++;
	lengths->counted++;
}

/* The middle of a step. */
static uint64_t length_of(unsigned page, unsigned step)
{
	if (!page)
		return step;
	return ((uint64_t)(TRACE_LENGTH_STEPS + step) << (page - 1)) +
	       ((UINT64_C(1) << (page - 1)) >> 1);
}

static uint64_t lengths_percentile(const struct lengths *lengths, unsigned percent)
{
	uint64_t wanted = (lengths->counted * percent + 99) / 100, seen = 0;

	for (unsigned page = 0; page < TRACE_LENGTH_PAGES; page++)
		for (unsigned step = 0; step < TRACE_LENGTH_STEPS; step++) {
			seen += lengths->counts[page][step];
			if (wanted && seen >= wanted)
				return length_of(page, step) < lengths->max_ns
					       ? length_of(page, step)
					       : lengths->max_ns;
		}
	return lengths->max_ns;
}

static void sum_octaves(const struct lengths *lengths, uint64_t octaves[TURN_OCTAVES])
{
	for (unsigned page = 0; page < TRACE_LENGTH_PAGES; page++)
		for (unsigned step = 0; step < TRACE_LENGTH_STEPS; step++) {
			uint64_t ns = length_of(page, step);
			unsigned octave = ns ? 63 - (unsigned)__builtin_clzll(ns) : 0;

			if (octave >= TURN_OCTAVES)
				octave = TURN_OCTAVES - 1;
			octaves[octave] += lengths->counts[page][step];
		}
}

static void add_shared(struct lengths *lengths, const struct trace_file *trace, uint32_t executor)
{
	for (size_t i = 0; i < trace->records[RECORD_TURN_LENGTHS].count; i++) {
		const struct trace_turn_lengths *record = record_at(trace, RECORD_TURN_LENGTHS, i);

		if (record->executor != executor)
			continue;
		lengths->turns += record->turns;
		lengths->busy_ns += record->busy_ns;
		lengths->span_ns += record->span_ns;
		if (record->max_ns > lengths->max_ns)
			lengths->max_ns = record->max_ns;
		for (unsigned page = 0; page < TRACE_LENGTH_PAGES; page++) {
			const struct trace_length_counts *counts =
				trace_file_record(trace, record->pages[page], RECORD_LENGTH_COUNTS);

			for (unsigned step = 0; counts && step < TRACE_LENGTH_STEPS; step++) {
				lengths->counts[page][step] += counts->counts[step];
				lengths->counted += counts->counts[step];
			}
		}
	}
}

static void task_types_add_turn(struct trace_task_type *types, size_t type_count, uint32_t number,
				uint64_t ns)
{
	for (size_t i = 0; i < type_count; i++)
		if (types[i].number == number) {
			types[i].turns++;
			types[i].total_ns += ns;
			if (ns > types[i].max_ns)
				types[i].max_ns = ns;
			return;
		}
}

/* Counts that threads had not added yet when the trace was read or the process ended. */
static void add_recent(struct lengths *lengths, struct trace_task_type *types, size_t type_count,
		       const struct trace_file *trace, uint32_t executor)
{
	uint64_t end_ns = trace_file_last_ns(trace);

	for (size_t i = 0; i < trace->records[RECORD_TURN_TIMES].count; i++) {
		const struct trace_turn_times *times = record_at(trace, RECORD_TURN_TIMES, i);
		const struct trace_thread *thread =
			trace_file_record(trace, times->thread, RECORD_THREAD);
		uint64_t since_ns = trace_clock_ns(trace, times->since), turn_ns;

		if (times->executor != executor || !thread)
			continue;
		for (uint32_t j = 0; j < times->count && j < TRACE_RECENT_TURNS; j++) {
			uint64_t ns = times->recent[j].ns;
			uint32_t type = times->recent[j].type;

			lengths_count(lengths, ns);
			lengths->turns++;
			if (!(type & TRACE_TURN_NESTED))
				lengths->busy_ns += ns;
			if (ns > lengths->max_ns)
				lengths->max_ns = ns;
			task_types_add_turn(types, type_count, type & ~TRACE_TURN_NESTED, ns);
		}
		if (end_ns > since_ns)
			lengths->span_ns += end_ns - since_ns;
		turn_ns = thread->turn_start ? trace_clock_ns(trace, thread->turn_start) : end_ns;
		if (end_ns > turn_ns)
			lengths->busy_ns += end_ns - turn_ns;
	}
}

static int compare_types(const void *one, const void *other)
{
	const struct task_type *a = one, *b = other;

	if (a->max_ns != b->max_ns)
		return a->max_ns > b->max_ns ? -1 : 1;
	if (a->total_ns != b->total_ns)
		return a->total_ns > b->total_ns ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* Merges types of one name: a generic function may be compiled twice. */
static void put_type(struct turn_lengths *result, const char *name,
		     const struct trace_task_type *type)
{
	struct task_type *known = NULL;

	for (size_t i = 0; i < result->type_count && !known; i++)
		if (!strcmp(result->types[i].name, name))
			known = &result->types[i];
	if (!known) {
		known = &result->types[result->type_count++];
		*known = (struct task_type){ .name = name };
	}
	known->turns += type->turns;
	known->total_ns += type->total_ns;
	if (type->max_ns > known->max_ns)
		known->max_ns = type->max_ns;
}

static void read_types(struct turn_lengths *result, struct address_space *space,
		       const struct trace_task_type *types, size_t type_count)
{
	result->types =
		obstack_alloc(&space->session->memory, (type_count + 1) * sizeof *result->types);
	for (size_t i = 0; i < type_count; i++)
		if (types[i].turns)
			put_type(result, task_type_name(space, types[i].poll), &types[i]);
	if (result->type_count)
		qsort(result->types, result->type_count, sizeof *result->types, compare_types);
}

struct turn_lengths turn_lengths_read(struct address_space *space, uint32_t executor)
{
	const struct trace_file *trace = space->trace;
	struct turn_lengths result = { .busy_share = -1 };
	size_t known = trace->records[RECORD_TASK_TYPE].count, type_count = 0;
	struct trace_task_type *types = memory_get((known + 1) * sizeof *types);
	struct lengths *lengths = memory_get(sizeof *lengths);

	for (size_t i = 0; i < known; i++) {
		const struct trace_task_type *type = record_at(trace, RECORD_TASK_TYPE, i);

		if (type->executor == executor)
			types[type_count++] = *type;
	}
	add_shared(lengths, trace, executor);
	add_recent(lengths, types, type_count, trace, executor);
	result.turns = lengths->turns;
	result.max_ns = lengths->max_ns;
	result.busy_ns = lengths->busy_ns;
	result.span_ns = lengths->span_ns;
	sum_octaves(lengths, result.octaves);
	result.p50_ns = lengths_percentile(lengths, 50);
	result.p99_ns = lengths_percentile(lengths, 99);
	if (lengths->span_ns && trace_file_last_ns(trace)) {
		result.busy_share = (double)lengths->busy_ns / (double)lengths->span_ns;
		if (result.busy_share > 1)
			result.busy_share = 1;
	}
	read_types(&result, space, types, type_count);
	free(lengths);
	free(types);
	return result;
}
