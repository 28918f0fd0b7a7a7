/* Processor time and switches of one call are its own, not those of the turn before it. */
#include "calls_seen.h"

#include "trace_count.h"

#define SLEPT_MS 20

static uint64_t thread_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void burn(uint64_t ms)
{
	uint64_t end = thread_ns() + ms * 1000000;

	while (thread_ns() < end)
		;
}

static void *writes_late(void *pipe)
{
	usleep(SLEPT_MS * 1000);
	(void)!write(((int *)pipe)[1], "x", 1);
	return NULL;
}

static const struct trace_site *site_of_sleeping_read(void)
{
	const struct trace_site *site;

	for (size_t i = 0; (site = trace_nth(RECORD_SITE, i)); i++)
		if (site->subject == SUBJECT_PIPE && site->counts[SEVERITY_ERROR])
			return site;
	return NULL;
}

static void work_before_a_wait_does_not_shorten_it(void **state)
{
	char name[] = "usage-XXXXXX", byte;
	int ends[2], file = mkstemp(name);
	const struct trace_site *site;
	pthread_t thread;

	(void)state;
	assert_true(file >= 0);
	unlink(name);
	assert_int_equal(pipe(ends), 0);
	turn_enter();
	(void)!pread(file, &byte, 1, 0); /* takes the turn's usage */
	burn(5 * SLEPT_MS);
	pthread_create(&thread, NULL, writes_late, ends);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	turn_leave();
	pthread_join(thread, NULL);
	site = site_of_sleeping_read();
	assert_non_null(site);
	assert_in_range(site->off_cpu_ns, site->total_ns / 2, site->total_ns);
	close(ends[0]);
	close(ends[1]);
	close(file);
}

/* A pipe that has data does not put anyone to sleep, however long the copy takes. */
static void a_read_of_what_is_there_did_not_sleep(void **state)
{
	static char data[60 << 10];
	const struct trace_site *site;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(write(ends[1], data, sizeof data), sizeof data);
		turn_enter();
		assert_int_equal(read(ends[0], data, sizeof data), sizeof data);
		turn_leave();
	}
	for (size_t i = 0; (site = trace_nth(RECORD_SITE, i)); i++)
		if (site->subject == SUBJECT_PIPE && !site->counts[SEVERITY_ERROR])
			assert_in_range(site->off_cpu_ns, 0, site->total_ns / 2);
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(work_before_a_wait_does_not_shorten_it),
		cmocka_unit_test(a_read_of_what_is_there_did_not_sleep),
	};

	return RUN_SEEN(tests);
}
