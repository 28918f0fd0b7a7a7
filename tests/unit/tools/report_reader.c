/* Traces that are whole, torn, foreign, or made up of anything. */
#include "report_traces.h"

#include <pthread.h>
#include <sys/mman.h>

#include "inspect/thread_state.h"
#include "inspect/trace_file.h"

static struct trace_builder trace;

static void put_example(void)
{
	trace_begin_tokio(&trace, 100);
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll, tokio_run));
	trace_put_site(&trace, STACK(std_sleep, app_serve, tokio_poll, tokio_run));
	trace_put_thread(&trace);
}

static void a_whole_trace_is_read_without_a_word(void **state)
{
	struct made_report made;

	(void)state;
	put_example();
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_string_equal(made.errors, "");
	assert_int_equal(made.summary.processes, 1);
	assert_int_equal(made.summary.executors, 1);
	assert_int_equal(made.summary.turns, 7 + 3);
	assert_int_equal(made.summary.findings[SEVERITY_ERROR], 2);
	assert_int_equal(made.summary.unreadable, 0);
	assert_int_equal(made.summary.damaged, 0);
	assert_true(made.summary.failed);
	assert_int_equal(finding_count(&made), 2);
	made_report_free(&made);
}

static void expect_refusal(const char *words)
{
	char sentence[TRACE_SENTENCE_SIZE];
	struct trace_file file;

	assert_true(trace_file_read(&file, trace_path("x"), sentence) < 0);
	assert_contains(sentence, trace_path("x"));
	assert_contains(sentence, words);
}

static void a_file_that_is_no_trace_is_refused_with_its_name_and_a_reason(void **state)
{
	struct trace_header *header = trace_header_of(&trace);

	(void)state;
	expect_refusal("No such file");
	write_file("x", "", 0);
	expect_refusal("is empty");
	write_file("x", "\177ELF and so on", 14);
	expect_refusal("is not a yieldsan trace");
	put_example();
	write_file("x", trace.bytes, 40);
	expect_refusal("cut off in its header");
	header->version = TRACE_VERSION + 1;
	trace_write(&trace, "x");
	expect_refusal("newer yieldsan");
	for (header->version = 0; header->version < TRACE_VERSION; header->version++) {
		trace_write(&trace, "x");
		expect_refusal("was written by an older yieldsan; report on it with that one");
	}
	header->version = __builtin_bswap32(TRACE_VERSION);
	trace_write(&trace, "x");
	expect_refusal("byte order");
	header->version = TRACE_VERSION;
	header->header_size = 12;
	trace_write(&trace, "x");
	expect_refusal("damaged header");
	unlink(trace_path("x"));
	assert_int_equal(mkfifo(trace_path("x"), 0600), 0);
	expect_refusal("not a regular file");
}

static void one_bad_file_among_good_ones_is_counted_and_the_others_reported(void **state)
{
	struct made_report made;

	(void)state;
	put_example();
	trace_write(&trace, "b.yieldsan");
	write_file("a.yieldsan", "junk", 4);
	write_file("notes.txt", "not looked at", 13);
	made = report_json();
	assert_int_equal(made.summary.unreadable, 1);
	assert_int_equal(finding_count(&made), 2);
	assert_contains(made.errors, "a.yieldsan is not a yieldsan trace");
	assert_lacks(made.errors, "notes.txt");
	made_report_free(&made);
}

static void a_torn_trace_is_told_and_the_rest_reported(void **state)
{
	struct made_report made;

	(void)state;
	put_example();
	/* The thread and the second site are gone. */
	write_file("a.yieldsan", trace.bytes,
		   trace.used - sizeof(struct trace_thread) - sizeof(struct trace_site) + 8);
	made = report_json();
	assert_int_equal(made.summary.damaged, 1);
	assert_int_equal(made.summary.unreadable, 0);
	assert_int_equal(finding_count(&made), 1);
	assert_contains(made.errors, "a.yieldsan is cut short");
	made_report_free(&made);
	made = report_text();
	assert_contains(made.text, "is cut short");
	made_report_free(&made);
}

static void damage_in_the_middle_hides_only_itself(void **state)
{
	struct trace_record *record;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	record = (void *)trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	memset(record, 0xff, sizeof *record);
	trace_put_site(&trace, STACK(std_sleep, app_serve, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(made.summary.damaged, 1);
	assert_int_equal(finding_count(&made), 1);
	assert_contains(made.errors, "is damaged");
	made_report_free(&made);
}

static void holes_and_unfinished_records_of_killed_threads_are_no_damage(void **state)
{
	struct trace_record *record;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	record = (void *)trace_put_site(&trace, STACK(std_sleep, app_main, tokio_poll));
	memset(record, 0, sizeof(struct trace_site)); /* handed out, no size yet */
	record = (void *)trace_put_site(&trace, STACK(std_sleep, app_serve, tokio_poll));
	record->type = RECORD_UNFINISHED;
	trace_put(&trace, 77, 4096); /* of a later version */
	trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_string_equal(made.errors, "");
	assert_contains(text_of(only_finding(&made), "message"), "app::handler");
	made_report_free(&made);
}

static void offsets_that_name_no_record_of_their_type_are_refused(void **state)
{
	struct trace_site *site;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site->stack = site->call; /* a record, but no stack */
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site->stack += 8; /* in the middle of one */
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site->executor = 0xfffffff8;
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	site->call = 0;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(finding_count(&made), 0);
	made_report_free(&made);
}

static void sizes_inside_a_record_must_lie_within_it(void **state)
{
	struct trace_site *site;
	struct trace_stack *stack;
	struct made_report made;

	(void)state;
	trace_begin_tokio(&trace, 100);
	site = trace_put_site(&trace, STACK(std_sleep, app_handler, tokio_poll));
	stack = trace_at(&trace, site->stack);
	stack->depth = TRACE_MAX_FRAMES;
	trace_write(&trace, "a.yieldsan");
	made = report_json();
	assert_int_equal(finding_count(&made), 0);
	assert_int_equal(made.summary.damaged, 1);
	made_report_free(&made);
}

static void a_full_trace_has_nothing_missing(void **state)
{
	struct made_report made;

	(void)state;
	put_example();
	trace_header_of(&trace)->used += 1 << 20; /* asked for, and refused */
	trace_header_of(&trace)->lost_sites = 12;
	trace_write(&trace, "a.yieldsan");
	made = report_text();
	assert_string_equal(made.errors, "");
	assert_contains(made.text, "12 events in new places found no room");
	made_report_free(&made);
}

struct test_thread {
	bool ends, spins; /* `ends`: asked to */
	pid_t tid;	  /* 0: not begun */
	pthread_t thread;
};

static void *live(void *argument)
{
	struct test_thread *self = argument;

	__atomic_store_n(&self->tid, gettid(), __ATOMIC_RELEASE);
	while (!__atomic_load_n(&self->ends, __ATOMIC_ACQUIRE))
		if (!self->spins)
			usleep(1000000);
	return NULL;
}

static void begin_thread(struct test_thread *self)
{
	struct thread_state thread;

	assert_int_equal(pthread_create(&self->thread, NULL, live, self), 0);
	do {
		usleep(1000);
		assert_true(!self->tid || thread_state_read(getpid(), self->tid, &thread));
	} while (!__atomic_load_n(&self->tid, __ATOMIC_ACQUIRE) ||
		 (!self->spins && thread.letter == 'R'));
}

static void of_a_living_process_only_what_sleeps_is_blocked(void **state)
{
	static struct test_thread threads[] = { { .spins = true }, { .spins = false } };
	static struct trace_thread *calls[2];
	struct made_report made;
	void *mapping;
	int fd;

	(void)state;
	trace_begin_tokio(&trace, getpid());
	trace_header_of(&trace)->end = TRACE_END_UNKNOWN;
	for (size_t i = 0; i < 2; i++) {
		begin_thread(&threads[i]);
		calls[i] = trace_put_call_in_progress(
			&trace, STACK(std_sleep, i ? app_serve : app_handler, tokio_poll));
		calls[i]->tid = threads[i].tid;
	}
	trace_write(&trace, "a.yieldsan");
	fd = open(trace_path("a.yieldsan"), O_RDWR);
	mapping = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(mapping != MAP_FAILED);
	made = report_json();
	assert_contains(text_of(only_finding(&made), "message"), "app::serve");
	made_report_free(&made);
	munmap(mapping, 4096);
	close(fd);
	for (size_t i = 0; i < 2; i++) {
		__atomic_store_n(&threads[i].ends, true, __ATOMIC_RELEASE);
		pthread_join(threads[i].thread, NULL);
	}
}

static uint64_t random_state = 88172645463325252;

static uint64_t next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	return random_state ^= random_state << 17;
}

static void report_in_every_format(void)
{
	static const char *const formats[] = { "text", "json" };

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		struct made_report made = { .options = REPORT_OPTIONS_DEFAULT };

		made.options.show = SEVERITY_NOTICE;
		made.options.format = formats[i];
		report_directory(&made);
		assert_true(made.text[0] || made.summary.unreadable);
		made_report_free(&made);
	}
}

static void a_trace_cut_anywhere_never_harms_the_reader(void **state)
{
	(void)state;
	put_example();
	for (int i = 0; i < 150; i++) {
		write_file("a.yieldsan", trace.bytes, next_random() % trace.used);
		report_in_every_format();
	}
}

static void bits_flipped_anywhere_never_harm_the_reader(void **state)
{
	static struct trace_builder good;

	(void)state;
	put_example();
	trace_put_call_in_progress(&trace, STACK(std_sleep, app_handler, tokio_poll));
	trace_put_executor(&trace, FAMILY_EVENT_LOOP, "asyncio");
	trace_put_site(&trace, STACK(c_callback, c_main))->script =
		trace_put_script(&trace, SCRIPT_PYTHON, "f\t/a/b.py\t12\nrun_forever\tx\t1\n");
	good = trace;
	for (int i = 0; i < 400; i++) {
		int flips = 1 + (int)(next_random() % 40);

		trace = good;
		while (flips--) {
			/* The head of the file and the records' heads more often than their bodies.
			 */
			size_t at = next_random() % 3 ? next_random() % good.used & ~7UL
						      : next_random() % good.used;

			trace.bytes[at] ^= (unsigned char)(1 << next_random() % 8);
		}
		memcpy(trace.bytes, good.bytes, 16); /* else it would only be refused */
		write_file("a.yieldsan", trace.bytes, good.used);
		report_in_every_format();
	}
}

static void noise_behind_a_good_header_never_harms_the_reader(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		put_example();
		for (size_t at = sizeof(struct trace_header); at < trace.used; at++)
			if (next_random() % 3)
				trace.bytes[at] = (unsigned char)(next_random() % 12);
		trace_write(&trace, "a.yieldsan");
		report_in_every_format();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_whole_trace_is_read_without_a_word, empty_directory),
		cmocka_unit_test_teardown(
			a_file_that_is_no_trace_is_refused_with_its_name_and_a_reason,
			empty_directory),
		cmocka_unit_test_teardown(
			one_bad_file_among_good_ones_is_counted_and_the_others_reported,
			empty_directory),
		cmocka_unit_test_teardown(a_torn_trace_is_told_and_the_rest_reported,
					  empty_directory),
		cmocka_unit_test_teardown(damage_in_the_middle_hides_only_itself, empty_directory),
		cmocka_unit_test_teardown(
			holes_and_unfinished_records_of_killed_threads_are_no_damage,
			empty_directory),
		cmocka_unit_test_teardown(offsets_that_name_no_record_of_their_type_are_refused,
					  empty_directory),
		cmocka_unit_test_teardown(sizes_inside_a_record_must_lie_within_it,
					  empty_directory),
		cmocka_unit_test_teardown(of_a_living_process_only_what_sleeps_is_blocked,
					  empty_directory),
		cmocka_unit_test_teardown(a_full_trace_has_nothing_missing, empty_directory),
		cmocka_unit_test_teardown(a_trace_cut_anywhere_never_harms_the_reader,
					  empty_directory),
		cmocka_unit_test_teardown(bits_flipped_anywhere_never_harm_the_reader,
					  empty_directory),
		cmocka_unit_test_teardown(noise_behind_a_good_header_never_harms_the_reader,
					  empty_directory),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
