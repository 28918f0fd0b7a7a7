/* What is learnt from thread-local storage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/tasks/tokio_context.h"

/* A block as Tokio 1.54 has it, with other bytes around. */
#define SIZE	96
#define BUDGET	64
#define RUNTIME 66
#define OTHER	20

static struct tokio_context context;
static uint8_t block[SIZE];

static int begin(void **state)
{
	struct module module = { .tls_size = SIZE };

	(void)state;
	tokio_context_init(&context, &module);
	memset(block, 0, sizeof block);
	return 0;
}

static void set(uint8_t runtime, uint8_t some, uint8_t left)
{
	block[BUDGET] = some;
	block[BUDGET + 1] = left;
	block[RUNTIME] = runtime;
}

static enum tokio_place look(enum tokio_moment moment)
{
	return tokio_context_look(&context, block, moment);
}

static enum tokio_place look_job(void)
{
	set(2, 0, 0);
	return look(MOMENT_JOB);
}

static enum tokio_place look_worker_task(void)
{
	set(1, 1, 128);
	return look(MOMENT_WORKER_TASK);
}

static void one_job_and_one_task_of_a_worker_are_enough(void **state)
{
	(void)state;
	assert_int_equal(look_job(), PLACE_UNKNOWN);
	assert_int_equal(look_worker_task(), PLACE_IN_MULTI_THREAD);
	assert_int_equal(context.count, 1);
	assert_int_equal(context.places[0], RUNTIME);
	set(2, 0, 0); /* block_in_place, in this very poll */
	assert_int_equal(tokio_context_place(&context, block), PLACE_OUTSIDE);
}

static void the_order_does_not_matter(void **state)
{
	(void)state;
	assert_int_equal(look_worker_task(), PLACE_UNKNOWN);
	assert_int_equal(look_job(), PLACE_OUTSIDE);
	assert_int_equal(look_worker_task(), PLACE_IN_MULTI_THREAD);
}

static void the_budget_tells_polls_from_parks(void **state)
{
	(void)state;
	assert_int_equal(tokio_context_polls(&context, block), -1);
	look_job();
	look_worker_task();
	assert_int_equal(tokio_context_polls(&context, block), 1);
	set(1, 1, 3);
	assert_int_equal(tokio_context_polls(&context, block), 1);
	set(1, 0, 3);
	assert_int_equal(tokio_context_polls(&context, block), 0);
}

static void without_a_block_nothing_is_known(void **state)
{
	(void)state;
	look_job();
	look_worker_task();
	assert_int_equal(tokio_context_look(&context, NULL, MOMENT_JOB), PLACE_UNKNOWN);
	assert_int_equal(tokio_context_place(&context, NULL), PLACE_UNKNOWN);
	assert_int_equal(tokio_context_polls(&context, NULL), -1);
}

static void a_foreign_block_on_strikes_nothing_out(void **state)
{
	(void)state;
	look_job();
	set(2, 1, 128); /* a LocalSet, polled by another library's executor */
	assert_int_equal(look(MOMENT_OTHER_TASK), PLACE_UNKNOWN);
	assert_int_equal(look_worker_task(), PLACE_IN_MULTI_THREAD);
	set(2, 1, 128);
	assert_int_equal(look(MOMENT_OTHER_TASK), PLACE_OUTSIDE);
	assert_int_equal(look(MOMENT_WORKER_TASK), PLACE_OUTSIDE); /* within a job */
	assert_int_equal(look_worker_task(), PLACE_IN_MULTI_THREAD);
}

static void nor_does_one_within_a_job(void **state)
{
	(void)state;
	look_job();
	set(1, 0, 0); /* no budget: each look is still learnt from */
	assert_int_equal(look(MOMENT_WORKER_TASK), PLACE_IN_MULTI_THREAD);
	set(2, 0, 0);
	assert_int_equal(look(MOMENT_WORKER_TASK), PLACE_OUTSIDE);
	assert_int_equal(look(MOMENT_JOB), PLACE_OUTSIDE);
	assert_int_equal(context.count, 1);
}

static void of_two_bytes_the_one_beside_the_budget_is_it(void **state)
{
	(void)state;
	block[OTHER] = 2;
	look_job();
	block[OTHER] = 1;
	assert_int_equal(look_worker_task(), PLACE_IN_MULTI_THREAD);
	assert_int_equal(context.count, 1);
	assert_int_equal(context.places[0], RUNTIME);
}

static void bytes_that_do_not_agree_tell_nothing(void **state)
{
	(void)state;
	block[OTHER] = 2;
	look_job();
	block[OTHER] = 1;
	set(1, 0, 0); /* no budget to choose by */
	assert_int_equal(look(MOMENT_WORKER_TASK), PLACE_IN_MULTI_THREAD);
	assert_int_equal(context.count, 2);
	set(2, 0, 0);
	assert_int_equal(tokio_context_place(&context, block), PLACE_UNKNOWN);
}

static void a_byte_that_was_learnt_wrongly_is_given_up(void **state)
{
	(void)state;
	block[OTHER] = 2;
	set(0, 0, 0);
	look(MOMENT_JOB);
	block[OTHER] = 1;
	assert_int_equal(look(MOMENT_WORKER_TASK), PLACE_IN_MULTI_THREAD);
	assert_int_equal(context.places[0], OTHER);
	assert_int_equal(look_job(), PLACE_UNKNOWN);
	assert_int_equal(look_worker_task(), PLACE_IN_MULTI_THREAD);
	assert_int_equal(context.places[0], RUNTIME);
}

static void random_bytes_are_no_budget(void **state)
{
	(void)state;
	look_job();
	/* A root future's thread parks: the random numbers before and the padding behind look like
	 * one. */
	memset(block, 1, sizeof block);
	set(1, 0, 0);
	block[RUNTIME + 1] = 96;
	look(MOMENT_OUTSIDE_TURNS);
	assert_int_equal(context.count, 0);
	set(1, 1, 128);
	look(MOMENT_OUTSIDE_TURNS);
	assert_int_equal(context.count, 1);
	assert_int_equal(context.places[0], RUNTIME);
	assert_int_equal(context.budgets[0], BUDGET);
}

static void a_program_without_jobs_learns_from_the_image(void **state)
{
	static uint8_t image[SIZE];
	const ElfW(Phdr) header = {
		.p_type = PT_TLS,
		.p_vaddr = (uintptr_t)image,
		.p_filesz = sizeof image,
	};
	struct module module = { .tls_size = SIZE, .phdr = &header, .phnum = 1 };

	(void)state;
	image[RUNTIME] = image[OTHER] = 2;
	tokio_context_init(&context, &module);
	block[OTHER] = 0;
	set(0, 0, 0);
	assert_int_equal(look(MOMENT_OUTSIDE_TURNS), PLACE_UNKNOWN);
	set(0, 1, 128);
	assert_int_equal(look(MOMENT_OTHER_TASK), PLACE_IN_CURRENT_THREAD);
	assert_int_equal(context.places[0], RUNTIME);
}

static void a_new_block_is_outside(void **state)
{
	static uint8_t image[SIZE];
	const ElfW(Phdr) header = {
		.p_type = PT_TLS,
		.p_vaddr = (uintptr_t)image,
		.p_filesz = sizeof image,
	};
	struct module module = { .tls_size = SIZE, .phdr = &header, .phnum = 1 };

	(void)state;
	assert_false(tokio_context_is_outside(&context, block)); /* the image does not show it */
	image[RUNTIME] = image[OTHER] = 2;
	tokio_context_init(&context, &module);
	set(2, 0, 0);
	assert_true(tokio_context_is_outside(&context, block));
	set(0, 0, 0);
	assert_false(tokio_context_is_outside(&context, block));
}

static void what_cannot_be_learnt_is_not_looked_for_any_more(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		memset(block, (int)(i % 7) + 3, sizeof block);
		assert_int_equal(look(i % 2 ? MOMENT_JOB : MOMENT_WORKER_TASK), PLACE_UNKNOWN);
	}
	assert_int_equal(context.count, 0);
}

static void a_child_of_a_fork_waits_for_nobody(void **state)
{
	(void)state;
	context.busy = 1; /* another thread of the parent was learning */
	assert_int_equal(look_job(), PLACE_UNKNOWN);
	assert_int_equal(context.jobs, 0);
	tokio_context_forked(&context);
	look_job();
	assert_int_equal(context.jobs, 1);
}

static void a_marked_poll_differs_from_the_next_one(void **state)
{
	(void)state;
	assert_false(tokio_context_mark(&context, block)); /* nothing is learnt */
	look_job();
	assert_false(tokio_context_mark(&context, block)); /* nothing is polled */
	look_worker_task();
	assert_true(tokio_context_mark(&context, block));
	assert_int_equal(block[BUDGET + 1], 127);
	/* At most half of the budget is taken. */
	for (unsigned i = 0; i < 200; i++)
		tokio_context_mark(&context, block);
	assert_int_equal(block[BUDGET + 1], 64);
	assert_int_equal(block[BUDGET], 1);
	assert_int_equal(block[RUNTIME], 1);
	set(1, 1, 200); /* no budget of Tokio's */
	assert_false(tokio_context_mark(&context, block));
	assert_int_equal(block[BUDGET + 1], 200);
	assert_false(tokio_context_mark(&context, NULL));
}

static void a_place_that_is_not_certain_is_not_written(void **state)
{
	(void)state;
	block[OTHER] = 2;
	look_job();
	block[OTHER] = 1;
	set(1, 0, 0);
	look(MOMENT_WORKER_TASK);
	assert_int_equal(context.count, 2);
	set(1, 1, 128);
	assert_false(tokio_context_mark(&context, block));
	assert_int_equal(block[BUDGET + 1], 128);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(one_job_and_one_task_of_a_worker_are_enough, begin),
		cmocka_unit_test_setup(the_order_does_not_matter, begin),
		cmocka_unit_test_setup(the_budget_tells_polls_from_parks, begin),
		cmocka_unit_test_setup(without_a_block_nothing_is_known, begin),
		cmocka_unit_test_setup(a_foreign_block_on_strikes_nothing_out, begin),
		cmocka_unit_test_setup(nor_does_one_within_a_job, begin),
		cmocka_unit_test_setup(of_two_bytes_the_one_beside_the_budget_is_it, begin),
		cmocka_unit_test_setup(bytes_that_do_not_agree_tell_nothing, begin),
		cmocka_unit_test_setup(a_byte_that_was_learnt_wrongly_is_given_up, begin),
		cmocka_unit_test_setup(random_bytes_are_no_budget, begin),
		cmocka_unit_test_setup(a_program_without_jobs_learns_from_the_image, begin),
		cmocka_unit_test_setup(a_new_block_is_outside, begin),
		cmocka_unit_test_setup(what_cannot_be_learnt_is_not_looked_for_any_more, begin),
		cmocka_unit_test_setup(a_child_of_a_fork_waits_for_nobody, begin),
		cmocka_unit_test_setup(a_marked_poll_differs_from_the_next_one, begin),
		cmocka_unit_test_setup(a_place_that_is_not_certain_is_not_written, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
