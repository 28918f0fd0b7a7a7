/* Whether others had the processors: what the trace says of it, and what that is worth. */
#include "calls_seen.h"

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "judgement/limits.h"
#include "runtime/trace/crowd.h"
#include "runtime/trace/sites.h"
#include "runtime/trace/trace_records.h"

static void nobody_looks_without_a_trace(void **state)
{
	(void)state;
	assert_false(crowd_between(0, UINT64_MAX));
}

static bool spinning;

static void *spin(void *data)
{
	while (__atomic_load_n(&spinning, __ATOMIC_RELAXED))
		;
	return data;
}

static void start_trace(const char *run)
{
	strcpy(runtime_options.run, run);
	trace_write_start(trace_header());
	runtime_options.run[0] = '\0';
}

static void nobody_looks_where_nobody_runs_us(void **state)
{
	(void)state;
	assert_true(trace_open());
	start_trace("");
	assert_false(crowd_between(0, UINT64_MAX));
}

/* At the trace's beginning, and later when the last look is old. */
static void we_look_when_nobody_does(void **state)
{
	enum { MOST = 256 };
	unsigned count = (unsigned)sysconf(_SC_NPROCESSORS_ONLN) + 1;
	pthread_t threads[MOST];
	uint64_t since_look;
	bool first, late;

	(void)state;
	if (count > MOST)
		skip();
	spinning = true;
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, spin, NULL), 0);
	start_trace("word");
	first = trace_header()->crowded_ns == trace_header()->looked_ns;
	trace_header()->crowded_ns = 0;
	late = crowd_between(0, trace_header()->looked_ns + 11000000);
	trace_header()->delayed_ns = 1;
	since_look = crowd_lost(trace_header()->looked_ns + 1000000, 1,
				trace_header()->looked_ns + 3000000);
	trace_header()->delayed_ns = 0;
	__atomic_store_n(&spinning, false, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	assert_true(first);
	assert_true(late);
	assert_int_equal(since_look, 3000000);
}

/* Of what the trace says alone. */
static bool is_told(uint64_t start_ns, uint64_t end_ns)
{
	bool reported;

	runtime_silent = true;
	reported = crowd_between(start_ns, end_ns);
	runtime_silent = false;
	return reported;
}

static void who_runs_us_is_late_from_the_start(void **state)
{
	uint64_t looked_ns;

	(void)state;
	start_trace("word");
	trace_header()->crowded_ns = 0;
	looked_ns = trace_header()->looked_ns;
	assert_true(looked_ns && looked_ns <= now_ns());
	assert_false(is_told(looked_ns, looked_ns + 40000000));
	assert_true(is_told(looked_ns, looked_ns + 41000000));
}

static void set(uint64_t looked_ms, uint64_t crowded_ms)
{
	trace_header()->looked_ns = looked_ms * 1000000;
	trace_header()->crowded_ns = crowded_ms * 1000000;
}

static bool is_crowded(uint64_t start_ms, uint64_t end_ms)
{
	return is_told(start_ms * 1000000, end_ms * 1000000);
}

static void a_crowd_counts_while_it_lasts(void **state)
{
	(void)state;
	set(1000, 0);
	assert_false(is_crowded(999, 1001));
	set(1000, 1000);
	assert_true(is_crowded(999, 1001));
	assert_true(is_crowded(1009, 1012)); /* the next look is due */
	set(1015, 1000);
	assert_true(is_crowded(900, 1012));
	assert_false(is_crowded(1011, 1016));
}

static void who_looks_too_late_has_no_processor(void **state)
{
	(void)state;
	set(1000, 0);
	assert_false(is_crowded(1020, 1040));
	assert_true(is_crowded(1020, 1041));
}

static void a_wait_is_excused_for_as_long_as_others_had_the_processors(void **state)
{
	uint64_t mark;

	(void)state;
	set(1000, 0);
	trace_header()->delayed_ns = 7000000;
	mark = crowd_mark();
	runtime_silent = true;
	assert_int_equal(crowd_delay(999000000, mark, 1001000000), 0);
	trace_header()->delayed_ns += 3000000;
	assert_int_equal(crowd_delay(999000000, mark, 1001000000), 3000000);
	trace_header()->delayed_ns += 300000000;
	assert_int_equal(crowd_delay(999000000, mark, 1001000000), LIMIT_LOAD_DELAY);
	/* Since the last look it was as it was then. */
	trace_header()->delayed_ns = mark;
	set(1000, 1000);
	assert_int_equal(crowd_delay(999000000, mark, 1004000000), 4000000);
	/* A kernel that does not say. */
	trace_header()->delayed_ns = 0;
	assert_int_equal(crowd_delay(999000000, 0, 1001000000), LIMIT_LOAD_DELAY);
	runtime_silent = false;
}

static void disks_are_busy_if_they_were_before_the_call(void **state)
{
	(void)state;
	trace_header()->disks_busy_since_ns = 100000000;
	trace_header()->disks_busy_until_ns = 200000000;
	assert_false(crowd_disks_were_busy(105000000));
	assert_true(crowd_disks_were_busy(110000000));
	assert_true(crowd_disks_were_busy(210000000));
	assert_false(crowd_disks_were_busy(211000000));
}

/* Of 20 waits that are longer than what is an error, how many were less. */
static uint64_t excused_waits(bool crowded)
{
	uint64_t excused = 0;
	struct pollfd quiet = { .events = POLLIN };
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	quiet.fd = ends[0];
	for (unsigned i = 0; i < 20; i++) {
		turn_enter();
		trace_header()->looked_ns = now_ns();
		trace_header()->crowded_ns = crowded ? trace_header()->looked_ns : 0;
		poll(&quiet, 1, 2);
		excused += !seen_turn.finding_count
				   ? 0
				   : seen_turn.findings[0]->counts[SEVERITY_NOTICE];
		turn_leave();
	}
	close(ends[0]);
	close(ends[1]);
	return excused;
}

static void a_wait_that_the_scheduler_may_have_made_long_is_no_error(void **state)
{
	(void)state;
	assert_int_equal(excused_waits(false), 0);
	assert_int_not_equal(excused_waits(true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_looks_without_a_trace),
		cmocka_unit_test(nobody_looks_where_nobody_runs_us),
		cmocka_unit_test(we_look_when_nobody_does),
		cmocka_unit_test(who_runs_us_is_late_from_the_start),
		cmocka_unit_test(a_crowd_counts_while_it_lasts),
		cmocka_unit_test(who_looks_too_late_has_no_processor),
		cmocka_unit_test(a_wait_is_excused_for_as_long_as_others_had_the_processors),
		cmocka_unit_test(disks_are_busy_if_they_were_before_the_call),
		cmocka_unit_test(a_wait_that_the_scheduler_may_have_made_long_is_no_error),
	};

	return RUN_SEEN(tests);
}
