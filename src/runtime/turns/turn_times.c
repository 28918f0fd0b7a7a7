#include "turn_times.h"

#include <string.h>

#include "executor.h"
#include "runtime/base/memory.h"
#include "runtime/base/counter.h"
#include "task_types.h"
#include "runtime/base/memory_devices.h"
#include "runtime/base/runtime.h"
#include "runtime/base/events.h"
#include "runtime/trace/trace.h"

#define FIRST_PAGE_BITS 10 /* TRACE_LENGTH_STEPS */
#define MAX_LENGTHS	MAX_EXECUTORS

uint64_t turn_times_limit = UINT64_MAX;

/* Records of ended threads, for reuse. */
static struct trace_turn_times *free_times[64];
static uint32_t lengths_of[MAX_LENGTHS]; /* offsets, by the executor's number */

static struct trace_turn_lengths *executor_lengths(uint32_t executor)
{
	struct trace_executor *of = trace_at(executor);
	struct trace_turn_lengths *record;
	uint32_t *offset, first = 0;

	if (of->number >= MAX_LENGTHS)
		return NULL;
	offset = &lengths_of[of->number];
	if (__atomic_load_n(offset, __ATOMIC_ACQUIRE))
		return trace_at(*offset);
	record = trace_allocate(sizeof *record);
	if (!record)
		return NULL;
	record->executor = executor;
	/* If two threads race, the second one's record stays unfinished: readers skip it. */
	if (__atomic_compare_exchange_n(offset, &first, trace_offset(record), false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		trace_publish(record, RECORD_TURN_LENGTHS);
	return trace_at(*offset);
}

/* Sites matter more: the last half of the trace is reserved for them. */
static bool turn_times_have_room(void)
{
	return __atomic_load_n(&trace_header()->used, __ATOMIC_RELAXED) <
	       trace_header()->file_size / 2;
}

static uint32_t *lengths_of_page(struct trace_turn_lengths *record, unsigned page)
{
	uint32_t offset = __atomic_load_n(&record->pages[page], __ATOMIC_ACQUIRE);
	struct trace_length_counts *made;

	if (offset)
		return ((struct trace_length_counts *)trace_at(offset))->counts;
	made = turn_times_have_room() ? trace_allocate(sizeof *made) : NULL;
	if (!made)
		return NULL;
	trace_publish(made, RECORD_LENGTH_COUNTS);
	if (__atomic_compare_exchange_n(&record->pages[page], &offset, trace_offset(made), false,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return made->counts;
	return ((struct trace_length_counts *)trace_at(offset))->counts;
}

static void count_length(struct trace_turn_lengths *record, uint64_t ns)
{
	unsigned exponent = ns ? 63 - (unsigned)__builtin_clzll(ns) : 0, page = 0, step;
	uint32_t *page_counts;

	step = (unsigned)ns;
	if (exponent >= FIRST_PAGE_BITS) {
		page = exponent - FIRST_PAGE_BITS + 1;
		step = (unsigned)(ns >> (page - 1)) - TRACE_LENGTH_STEPS;
	}
	if (page >= TRACE_LENGTH_PAGES) {
		page = TRACE_LENGTH_PAGES - 1;
		step = TRACE_LENGTH_STEPS - 1;
	}
	page_counts = lengths_of_page(record, page);
	if (page_counts)
		__atomic_fetch_add(&page_counts[step], 1, __ATOMIC_RELAXED);
}

void turn_times_flush(void)
{
	struct trace_turn_times *times = this_thread.turn_times;
	uint32_t count = times->count < TRACE_RECENT_TURNS ? times->count : TRACE_RECENT_TURNS;
	struct trace_turn_lengths *record;
	uint64_t busy_ns = 0, max_ns = 0, type_ns = 0, type_turns = 0, type_max_ns = 0;
	OWN_CODE_SCOPE;

	memory_devices_refresh(); /* between turns, so it delays none */
	times->count = 0;
	record = count && times->executor ? executor_lengths(times->executor) : NULL;
	if (!record)
		return;
	for (uint32_t i = 0; i < count; i++) {
		uint64_t ns = times->recent[i].ns;
		uint32_t type = times->recent[i].type;
		bool nested = type & TRACE_TURN_NESTED;

		type &= ~TRACE_TURN_NESTED;
		count_length(record, ns);
		busy_ns += nested ? 0 : ns;
		max_ns = ns > max_ns ? ns : max_ns;
		type_turns++;
		type_ns += ns;
		type_max_ns = ns > type_max_ns ? ns : type_max_ns;
		/* Turns of one type often follow each other. */
		if (i + 1 < count && (times->recent[i + 1].type & ~TRACE_TURN_NESTED) == type)
			continue;
		if (type)
			task_type_add(type, times->executor, type_turns, type_ns, type_max_ns);
		type_ns = type_turns = type_max_ns = 0;
	}
	counter_add(&record->turns, count);
	counter_add(&record->busy_ns, busy_ns);
	counter_raise(&record->max_ns, max_ns);
}

static struct trace_turn_times *turn_times_take_record(void)
{
	struct trace_turn_times *times;

	for (unsigned i = 0; i < ARRAY_SIZE(free_times); i++) {
		times = __atomic_exchange_n(&free_times[i], NULL, __ATOMIC_ACQ_REL);
		if (times)
			return times;
	}
	times = trace_allocate(sizeof *times);
	if (times)
		trace_publish(times, RECORD_TURN_TIMES);
	return times;
}

static void give_back(struct trace_turn_times *times)
{
	for (unsigned i = 0; i < ARRAY_SIZE(free_times); i++) {
		struct trace_turn_times *none = NULL;

		if (__atomic_compare_exchange_n(&free_times[i], &none, times, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			return;
	}
}

/* Room for what the launcher sees from outside. */
static uint32_t make_look(void)
{
	struct trace_look *look = trace_allocate(sizeof *look);

	if (!look)
		return 0;
	trace_publish(look, RECORD_LOOK);
	return trace_offset(look);
}

static uint32_t make_timeline(void)
{
	uint32_t size = (uint32_t)runtime_options.timeline;
	struct trace_timeline *timeline =
		turn_times_have_room()
			? trace_allocate(sizeof *timeline + size * sizeof *timeline->turns)
			: NULL;

	if (!timeline)
		return 0;
	timeline->size = size;
	trace_publish(timeline, RECORD_TIMELINE);
	return trace_offset(timeline);
}

void turn_times_keep(const struct turn *turn, uint64_t ns)
{
	struct trace_timeline *timeline = trace_at(this_thread.turn_times->timeline);

	timeline->turns[timeline->next % timeline->size] = (struct trace_timeline_turn){
		.start = turn->start,
		.ns = ns,
		.executor = this_thread.turn_times->executor,
		.type = turn->type,
	};
	/* Written last: readers skip the entry being written. */
	__atomic_store_n(&timeline->next, timeline->next + 1, __ATOMIC_RELEASE);
}

void turn_times_take(void)
{
	struct trace_turn_times *times;
	uint64_t scale, limit;

	turn_clock_calibrate();
	scale = __atomic_load_n(&turn_clock.scale, __ATOMIC_RELAXED);
	limit = __atomic_load_n(&turn_times_limit, __ATOMIC_RELAXED);
	if (scale)
		limit = (uint64_t)(((unsigned __int128)runtime_options.long_turn_warning_us * 1000
				    << 32) /
				   scale);
	__atomic_store_n(&turn_times_limit, limit, __ATOMIC_RELAXED);
	/* 135 ns, once in a while: excludes CPU time used before the turn. */
	__atomic_store_n(&turn_usage_interval, limit / 16, __ATOMIC_RELAXED);
	turn_usage_take(turn_clock_now());
	this_thread.turn_usage.turns = 1; /* the turn that begins now did not come after a wait */
	times = turn_times_take_record();
	if (!times)
		return;
	times->thread = trace_offset(this_thread.slot);
	times->executor = 0;
	times->count = 0;
	times->sample = 0;
	times->sample_turn = 0;
	if (times->root)
		((struct trace_root *)trace_at(times->root))->state = 0;
	this_thread.turn_times = times;
	if (runtime_options.run[0] && !times->look)
		times->look = make_look();
	if (runtime_options.timeline && !times->timeline)
		times->timeline = make_timeline();
	event_slot_taken();
}

static void end_span(void)
{
	struct trace_turn_times *times = this_thread.turn_times;
	struct trace_turn_lengths *record =
		times->executor ? executor_lengths(times->executor) : NULL;

	turn_times_flush();
	if (record)
		counter_add(&record->span_ns, turn_clock_ns(turn_clock_now() - times->since));
	times->executor = 0;
}

void turn_times_change_executor(uint32_t executor)
{
	if (!this_thread.turn_times)
		return;
	end_span();
	this_thread.turn_times->since = turn_clock_now();
	this_thread.turn_times->executor = executor;
}

void turn_times_leave(void)
{
	struct trace_turn_times *times = this_thread.turn_times;

	event_slot_left();
	if (!times)
		return;
	end_span();
	this_thread.turn_times = NULL;
	times->thread = 0;
	give_back(times);
}

void turn_times_forget(void)
{
	this_thread.turn_times = NULL;
	memory_zero(free_times, sizeof free_times);
	memset(lengths_of, 0, sizeof lengths_of);
	turn_clock_forget();
}

uint64_t turn_times_lasted(const struct turn *turn, uint64_t ticks)
{
	if (!turn->left)
		return ticks;
	return turn->sampled > turn->start ? turn->sampled - turn->start : 0;
}

void turn_times_long(struct turn *turn, uint64_t ns)
{
	/* Too long for the 32-bit length of a recent turn: added with its true length. */
	if (ns >= UINT32_MAX) {
		struct trace_turn_times *times = this_thread.turn_times;
		struct trace_turn_lengths *record;
		uint32_t type = times->recent[--times->count].type;
		OWN_CODE_SCOPE;

		record = times->executor ? executor_lengths(times->executor) : NULL;
		if (record) {
			count_length(record, ns);
			counter_add(&record->turns, 1);
			counter_add(&record->busy_ns, type & TRACE_TURN_NESTED ? 0 : ns);
			counter_raise(&record->max_ns, ns);
		}
		if (turn->type)
			task_type_add(turn->type, times->executor, 1, ns, ns);
	}
	event_long_turn(turn, ns);
}

void turn_times_part_begins(const struct turn *turn, uint64_t now)
{
	turn_usage_pauses(now);
	if (now - turn->start >= SHARED_WORD(turn_times_limit))
		event_long_turn_pauses(turn);
}

void turn_times_move(struct turn *turn, uint64_t ticks)
{
	uint64_t start = turn->start;

	turn->start += ticks;
	if (turn->sampled)
		turn->sampled += ticks;
	event_turn_moved(start, turn->start);
}

void turn_times_waits_at(const uint64_t *frames, unsigned depth)
{
	struct trace_turn_lengths *record =
		this_thread.turn_times && this_thread.turn_times->executor
			? executor_lengths(this_thread.turn_times->executor)
			: NULL;
	struct trace_stack *stack;

	if (!record || record->wait)
		return;
	stack = trace_allocate(sizeof *stack + depth * sizeof *frames);
	if (!stack)
		return;
	stack->depth = depth;
	memcpy(stack->frames, frames, depth * sizeof *frames);
	trace_publish(stack, RECORD_STACK);
	__atomic_store_n(&record->wait, trace_offset(stack), __ATOMIC_RELEASE);
}
