/* Calls that were judged before are counted as if each were judged: no more, no fewer, at their
 * own places. */
#include "calls_seen.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/process/opened_paths.h"
#include "runtime/turns/allowance.h"
#include "trace_count.h"

#define NOINLINE __attribute__((noinline))
#define TIMES	 150

static int file, memory;
static char path[512];
static uint64_t caller;	     /* of read_once: the place of its last call */
static volatile int one = 1; /* not known to the compiler */

NOINLINE static void read_once(int fd)
{
	char byte;

	caller = (uint64_t)__builtin_return_address(0);
	assert_int_equal(pread(fd, &byte, 1, 0), 1);
	__asm__ volatile("");
}

/* Two paths of equal depth. */
NOINLINE static void through_one(int fd)
{
	read_once(fd);
	__asm__ volatile("# one");
}

NOINLINE static void through_other(int fd)
{
	read_once(fd);
	__asm__ volatile("# other");
}

/* Events of this call so far whose stack has the address. */
static uint64_t events_at(uint64_t address, enum trace_subject subject)
{
	const struct trace_site *site;
	uint64_t events = 0;

	for (size_t i = 0; (site = trace_nth(RECORD_SITE, i)); i++) {
		const struct trace_stack *stack = trace_at(site->stack);

		if (site->kind != SITE_BLOCKING_CALL || site->subject != subject)
			continue;
		for (uint32_t n = 0; n < stack->depth; n++)
			if (stack->frames[n] == address)
				for (int severity = 0; severity < SEVERITIES; severity++)
					events += site->counts[severity];
	}
	return events;
}

static int set_up(void **state)
{
	static const char name[] = "/repeats-XXXXXX";

	(void)state;
	if (!getcwd(path, sizeof path - sizeof name))
		return -1;
	strcat(path, name);
	file = mkstemp(path);
	memory = memfd_create("repeats", 0);
	return file < 0 || write(file, "a", 1) != 1 || write(memory, "a", 1) != 1 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	turn_leave(); /* after a failure */
	close(file);
	close(memory);
	return unlink(path) && rmdir(path);
}

static void each_of_two_paths_has_its_own_number(void **state)
{
	void (*const ways[])(int) = { through_one, through_other };
	uint64_t places[2], before[2];

	(void)state;
	turn_enter();
	for (int way = 0; way < 2; way++) {
		ways[way * one](file);
		places[way] = caller;
		before[way] = events_at(caller, SUBJECT_REGULAR_FILE);
	}
	for (int i = 0; i < 3 * TIMES; i++)
		ways[i % 3 ? 0 : 1](file);
	turn_leave();
	assert_true(places[0] != places[1]);
	assert_int_equal(events_at(places[0], SUBJECT_REGULAR_FILE) - before[0], 2 * TIMES);
	assert_int_equal(events_at(places[1], SUBJECT_REGULAR_FILE) - before[1], TIMES);
}

static void another_kind_of_file_at_the_same_place_is_judged(void **state)
{
	uint64_t before, first;

	(void)state;
	turn_enter();
	through_one(file);
	before = events_at(caller, SUBJECT_REGULAR_FILE);
	for (int i = 0; i < 2 * TIMES; i++)
		through_one(i % 2 ? file : memory);
	assert_int_equal(events_at(caller, SUBJECT_REGULAR_FILE) - before, TIMES);
	/* The number stays, the file does not. */
	first = dup(file);
	assert_int_equal(dup2(memory, file), file);
	before = events_at(caller, SUBJECT_REGULAR_FILE);
	for (int i = 0; i < TIMES; i++)
		through_one(file);
	assert_int_equal(events_at(caller, SUBJECT_REGULAR_FILE), before);
	assert_int_equal(dup2((int)first, file), file);
	for (int i = 0; i < TIMES; i++)
		through_one(file);
	turn_leave();
	assert_int_equal(events_at(caller, SUBJECT_REGULAR_FILE) - before, TIMES);
	assert_int_equal(events_at(caller, SUBJECT_MEMORY_FILE), 0);
}

static void what_is_allowed_does_not_count(void **state)
{
	uint64_t before;

	(void)state;
	turn_enter();
	through_one(file);
	before = events_at(caller, SUBJECT_REGULAR_FILE);
	for (int i = 0; i < 2 * TIMES * one; i++) {
		if (i % 2 == one) /* asked twice: the call stays in one place */
			allowance_begin("for a test");
		through_one(file);
		if (i % 2 == one)
			allowance_end();
	}
	turn_leave();
	assert_int_equal(events_at(caller, SUBJECT_REGULAR_FILE) - before, TIMES);
}

/* Sites whose stack has the address. */
static unsigned sites_at(uint64_t address)
{
	const struct trace_site *site;
	unsigned sites = 0;

	for (size_t i = 0; (site = trace_nth(RECORD_SITE, i)); i++) {
		const struct trace_stack *stack = trace_at(site->stack);

		for (uint32_t n = 0; n < stack->depth; n++)
			sites += stack->frames[n] == address;
	}
	return sites;
}

NOINLINE static void through_third(int fd)
{
	read_once(fd);
	__asm__ volatile("# third");
}

static void turns_of_two_executors_have_each_their_site(void **state)
{
	struct turn inner = { 0 };

	(void)state;
	for (int i = 0; i < TIMES; i++) {
		turn_enter();
		if (i % 2 == one)
			turn_begin(&inner,
				   executor_get(FAMILY_ANNOTATED, "another", 0, CONFIDENCE_HIGH),
				   TURN_TASK);
		for (int n = 0; n < 2 * one; n++) /* the first one in a turn takes the long way */
			through_third(file);
		if (i % 2 == one)
			turn_end(&inner);
		turn_leave();
	}
	assert_int_equal(sites_at(caller), 2);
	assert_int_equal(events_at(caller, SUBJECT_REGULAR_FILE), 2 * TIMES);
}

NOINLINE static void open_once(void)
{
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	close(fd);
}

static uint64_t opens(enum trace_subject subject)
{
	const struct trace_site *site;
	uint64_t events = 0;

	for (size_t i = 0; (site = trace_nth(RECORD_SITE, i)); i++)
		if (!strcmp(((const struct trace_call *)trace_at(site->call))->name, "open") &&
		    site->subject == subject)
			for (int severity = 0; severity < SEVERITIES; severity++)
				events += site->counts[severity];
	return events;
}

static void a_path_that_becomes_another_file_is_noticed(void **state)
{
	(void)state;
	turn_enter();
	for (int i = 0; i < TIMES; i++)
		open_once();
	assert_int_equal(opens(SUBJECT_REGULAR_FILE), TIMES);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	for (int i = 0; i < TIMES; i++)
		open_once();
	turn_leave();
	assert_in_range(opens(SUBJECT_DIRECTORY), TIMES - OPENED_PATH_USES, TIMES);
	assert_int_equal(opens(SUBJECT_DIRECTORY) + opens(SUBJECT_REGULAR_FILE), 2 * TIMES);
}

static int (*libc_close)(int);

static int slow_close(int fd)
{
	real.clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = 2000000 }, NULL);
	return libc_close(fd);
}

NOINLINE static void close_once(int fd)
{
	caller = (uint64_t)__builtin_return_address(0);
	assert_int_equal(close(fd), 0);
	__asm__ volatile("");
}

NOINLINE static void close_through(int fd)
{
	close_once(fd);
	__asm__ volatile("# close");
}

/* All from one place; the one with this number takes long. */
static void close_some(int slow)
{
	for (int i = 0; i < TIMES * one; i++) {
		real.close = i == slow ? slow_close : libc_close;
		close_through(i % 8 ? open(path, O_RDONLY) : memfd_create("repeats", 0));
	}
	real.close = libc_close;
}

/* It is none if it did not sleep, however often. */
static void a_close_that_sleeps_is_a_finding(void **state)
{
	uint32_t before;

	(void)state;
	libc_close = real.close;
	turn_enter();
	close_some(-1);
	assert_int_equal(events_at(caller, SUBJECT_REGULAR_FILE), 0);
	close_some(TIMES - 1);
	assert_int_equal(events_at(caller, SUBJECT_REGULAR_FILE), 1);
	before = seen_count();
	close_some(-1);
	assert_true(seen_count() - before >= TIMES && !(seen_count() & 1));
	turn_leave();
	assert_int_equal(events_at(caller, SUBJECT_REGULAR_FILE), 1);
}

static void what_a_path_names_may_depend_on_more_than_the_path(void **state)
{
	uint64_t key = opened_path_key("/srv/f", O_RDONLY), terminal;

	(void)state;
	assert_true(key != 0);
	assert_true(key != opened_path_key("/srv/g", O_RDONLY));
	assert_true(!opened_path_key(NULL, O_RDONLY));
	assert_true(!opened_path_key("srv/f", O_RDONLY));
	assert_true(!opened_path_key("/proc/self/fd/3", O_RDONLY));
	assert_true(!opened_path_key("/dev/stdin", O_RDONLY));
	assert_true(!opened_path_key("/srv", O_TMPFILE | O_RDWR));
	assert_true(!opened_path_key("/srv/f", O_PATH));
	opened_path_learn(key, SUBJECT_REGULAR_FILE);
	for (int i = 0; i < OPENED_PATH_USES; i++)
		assert_int_equal(opened_path_subject(key), SUBJECT_REGULAR_FILE);
	assert_int_equal(opened_path_subject(key), SUBJECT_NONE);
	opened_path_learn(key, SUBJECT_DIRECTORY);
	assert_int_equal(opened_path_subject(key), SUBJECT_DIRECTORY);
	opened_paths_forget();
	assert_int_equal(opened_path_subject(key), SUBJECT_NONE);
	terminal = opened_path_key("/srv/terminal", O_RDONLY);
	opened_path_learn(terminal, SUBJECT_TERMINAL);
	assert_int_equal(opened_path_subject(terminal), SUBJECT_NONE);
	opened_path_learn(0, SUBJECT_REGULAR_FILE);
	assert_int_equal(opened_path_subject(0), SUBJECT_NONE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_of_two_paths_has_its_own_number),
		TEST(another_kind_of_file_at_the_same_place_is_judged),
		TEST(what_is_allowed_does_not_count),
		TEST(turns_of_two_executors_have_each_their_site),
		TEST(a_path_that_becomes_another_file_is_noticed),
		TEST(a_close_that_sleeps_is_a_finding),
		cmocka_unit_test(what_a_path_names_may_depend_on_more_than_the_path),
	};

	return RUN_SEEN(tests);
}
