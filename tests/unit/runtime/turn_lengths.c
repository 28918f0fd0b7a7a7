/* The lengths of turns: what a thread keeps of them, and adds up with others. */
#include "calls_seen.h"

#include <pthread.h>

#include "runtime/turns/turn_times.h"

static struct executor *executor(const char *name)
{
	return executor_get(FAMILY_ANNOTATED, name, 0, CONFIDENCE_HIGH);
}

static void take_turns(const char *name, unsigned count)
{
	struct turn turn = { 0 };

	for (unsigned i = 0; i < count; i++) {
		turn_begin(&turn, executor(name), TURN_TASK);
		turn_end(&turn);
	}
}

static const struct trace_turn_lengths *lengths_of(const char *name)
{
	uint32_t executor_offset = trace_offset(executor_record(executor(name)));
	const struct trace_header *header = trace_header();

	for (uint64_t at = header->header_size; at < header->used;) {
		const struct trace_turn_lengths *record = trace_at((uint32_t)at);

		if (record->head.type == RECORD_TURN_LENGTHS && record->executor == executor_offset)
			return record;
		at += record->head.size;
	}
	return NULL;
}

static uint64_t counted(const struct trace_turn_lengths *lengths)
{
	uint64_t count = 0;

	for (unsigned page = 0; page < TRACE_LENGTH_PAGES; page++) {
		const struct trace_length_counts *counts = trace_at(lengths->pages[page]);

		for (unsigned step = 0; lengths->pages[page] && step < TRACE_LENGTH_STEPS; step++)
			count += counts->counts[step];
	}
	return count;
}

static void every_turn_is_counted_once(void **state)
{
	const struct trace_turn_lengths *lengths;

	(void)state;
	take_turns("counted", 3 * TRACE_RECENT_TURNS + 5);
	lengths = lengths_of("counted");
	assert_non_null(lengths);
	assert_int_equal(lengths->turns + this_thread.turn_times->count,
			 3 * TRACE_RECENT_TURNS + 5);
	turn_times_flush();
	assert_int_equal(lengths->turns, 3 * TRACE_RECENT_TURNS + 5);
	assert_int_equal(counted(lengths), lengths->turns);
	assert_true(lengths->max_ns > 0 && lengths->max_ns <= lengths->busy_ns);
}

static void *in_thread(void *unused)
{
	take_turns("threads", 100);
	return unused;
}

static void threads_add_up(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, in_thread, NULL);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(lengths_of("threads")->turns, 400);
	assert_true(lengths_of("threads")->span_ns >= lengths_of("threads")->busy_ns);
}

static void a_turn_within_another_is_busy_once(void **state)
{
	struct turn outer = { 0 }, inner = { 0 };
	const struct trace_turn_lengths *lengths;

	(void)state;
	turn_begin(&outer, executor("nested"), TURN_TASK);
	turn_begin(&inner, executor("nested"), TURN_TASK);
	usleep(2000);
	turn_end(&inner);
	turn_end(&outer);
	turn_times_flush();
	lengths = lengths_of("nested");
	assert_int_equal(lengths->turns, 2);
	assert_int_equal(lengths->busy_ns, lengths->max_ns);
}

static void an_offload_takes_no_time_of_its_turn(void **state)
{
	struct turn task = { 0 }, offload = { 0 };
	uint64_t start;

	(void)state;
	turn_begin(&task, executor("offload"), TURN_TASK);
	start = task.start;
	turn_begin(&offload, executor("offload"), TURN_OFFLOAD);
	assert_int_equal(this_thread.slot->turn_start, 0);
	usleep(2000);
	turn_end(&offload);
	assert_true(turn_clock_ns(task.start - start) >= 2000000);
	assert_int_equal(this_thread.slot->turn_start, task.start);
	turn_end(&task);
	assert_int_equal(this_thread.slot->turn_start, 0);
}

static void *keep_timeline(void *unused)
{
	const struct trace_timeline *timeline;
	uint64_t last = 0;

	take_turns("timeline", 11);
	timeline = trace_at(this_thread.turn_times->timeline);
	assert_int_equal(timeline->size, 8);
	assert_int_equal(timeline->next, 11);
	for (uint64_t n = 3; n < 11; n++) {
		assert_true(timeline->turns[n % 8].start > last);
		last = timeline->turns[n % 8].start;
	}
	return unused;
}

static void the_last_turns_are_kept(void **state)
{
	pthread_t thread;

	(void)state;
	runtime_options.timeline = 8;
	pthread_create(&thread, NULL, keep_timeline, NULL);
	pthread_join(thread, NULL);
	runtime_options.timeline = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_turns_are_kept),
		cmocka_unit_test(every_turn_is_counted_once),
		cmocka_unit_test(threads_add_up),
		cmocka_unit_test(a_turn_within_another_is_busy_once),
		cmocka_unit_test(an_offload_takes_no_time_of_its_turn),
	};

	return RUN_SEEN(tests);
}
