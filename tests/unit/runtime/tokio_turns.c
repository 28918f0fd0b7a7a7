/*
 * A Tokio in small: vtables as the compiler lays them out, found by the runtime as it started in
 * this program, and the thread-local bytes that say which context a thread is in.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/turns/executor.h"
#include "runtime/futures/root_turn.h"
#include "runtime/tasks/task_library.h"
#include "runtime/tasks/task_module.h"
#include "runtime/futures/task_root.h"
#include "runtime/tasks/tokio.h"
#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"
#include "runtime/turns/turn_times.h"
#include "runtime/unwind/unwinder.h"

struct vtable {
	void (*functions[7])(void *header);
	uint64_t trailer_offset, scheduler_offset, id_offset;
};

struct header {
	uint64_t state, queue_next;
	const struct vtable *vtable;
	uint64_t owner;
	void (*future)(void);
};

/* As tokio/src/runtime/context.rs has them, byte-sized members last. */
static _Thread_local struct {
	uint64_t handle;
	uint32_t random[2];
	uint8_t budget[2];
	uint8_t runtime;
} context = { .handle = 2, .runtime = 2 };

static void poll(void *header)
{
	((struct header *)header)->future();
}

static void other(void *header)
{
	(void)header;
}

#define FUNCTIONS                                                                                  \
	{                                                                                          \
		poll, other, other, other, other, other, other                                     \
	}

static const struct vtable task_vtable = { FUNCTIONS, 0x80, 0x20, 0x28 };
static const struct vtable job_vtable = { FUNCTIONS, 0x80, 0x20, 0x20 };

/* As it is in memory, whatever the compiler knows of it. */
static const void *in_memory(const void *table)
{
	__asm__("" : "+r"(table));
	return table;
}

static void call(const struct vtable *vtable, uint64_t owner, void (*future)(void))
{
	struct header header = { .vtable = in_memory(vtable), .owner = owner, .future = future };

	header.vtable->functions[0](&header);
}

static void run_task(void (*future)(void))
{
	memcpy(context.budget, "\1\200", 2);
	call(&task_vtable, 1, future);
	context.budget[0] = 0;
}

static void run_job(void (*work)(void))
{
	call(&job_vtable, 0, work);
}

static void block_in_place(void (*work)(void))
{
	uint8_t runtime = context.runtime;

	context.runtime = 2;
	context.budget[0] = 0;
	work();
	context.budget[0] = 1;
	context.runtime = runtime;
}

static void enter_runtime(uint8_t flavour, void (*work)(void))
{
	context.runtime = flavour;
	work();
	context.runtime = 2;
}

static void on_a_thread(void *(*work)(void *))
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, work, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* How a watched call would be judged now: 1 may block, 0 must not, -1 not known, -2 no turn. */
static int answer(void)
{
	struct turn *turn = this_thread.turn;

	if (!turn)
		return -2;
	return turn->kind == TURN_OFFLOAD ? 1 : turn->may_block ? turn->may_block(turn) : 0;
}

static int answers[8];
static unsigned answer_count;

static void note(void)
{
	answers[answer_count++] = answer();
}

static int forget(void **state)
{
	(void)state;
	answer_count = 0;
	return 0;
}

static void a_table_of_the_program_is_hooked_where_it_lies(void **state)
{
	const struct vtable *task = in_memory(&task_vtable), *job = in_memory(&job_vtable);

	(void)state;
	assert_true(task->functions[0] != poll);
	assert_true(job->functions[0] != poll);
	assert_true(task->functions[1] != other); /* it wakes a task */
	assert_true(task->functions[2] == other);
	assert_true(job->functions[1] == other);
	assert_non_null(task_module_of((uintptr_t)poll));
	assert_null(task_module_of((uintptr_t)stdout)); /* in libc */
	assert_true(task_module_has(task_module_of(modules_at(0)->start), &tokio_library));
}

static void blocks_in_its_first_poll(void)
{
	block_in_place(note);
	note();
}

static void worker(void)
{
	run_task(blocks_in_its_first_poll);
	run_task(note);
}

static void launch(void)
{
	note();
	enter_runtime(1, worker);
}

static void *worker_thread(void *unused)
{
	run_job(launch);
	return unused;
}

static void block_in_place_is_told_in_the_first_poll(void **state)
{
	static const int expected[] = { 1, 1, 0, 0 };

	(void)state;
	on_a_thread(worker_thread);
	assert_int_equal(answer_count, 4);
	assert_memory_equal(answers, expected, sizeof expected);
}

static void tasks_of_a_current_thread(void)
{
	run_task(note);
}

static void a_task_without_a_worker_must_not_block(void **state)
{
	(void)state;
	enter_runtime(0, tasks_of_a_current_thread);
	/* A LocalSet under another library's block_on: not in the runtime, and not in
	 * block_in_place. */
	run_task(note);
	assert_int_equal(answer_count, 2);
	assert_int_equal(answers[0], 0);
	assert_int_equal(answers[1], 0);
	assert_int_equal(answer(), -2);
}

static void *job_with_a_local_set(void *unused)
{
	run_job(tasks_of_a_current_thread);
	return unused;
}

static void a_local_set_within_a_job_must_not_block(void **state)
{
	(void)state;
	on_a_thread(worker_thread);
	answer_count = 0;
	on_a_thread(job_with_a_local_set);
	assert_int_equal(answer_count, 1);
	assert_int_equal(answers[0], 0);
}

static void a_local_set_within_block_in_place(void)
{
	enter_runtime(0, tasks_of_a_current_thread);
	context.runtime = 2;
	note();
}

static void nested_task(void)
{
	block_in_place(a_local_set_within_block_in_place);
	note();
}

static void nested_worker(void)
{
	run_task(nested_task);
}

static void nested_launch(void)
{
	enter_runtime(1, nested_worker);
}

static void *nested_thread(void *unused)
{
	run_job(nested_launch);
	return unused;
}

static void turns_nest(void **state)
{
	static const int expected[] = { 0, 1, 0 };

	(void)state;
	on_a_thread(worker_thread);
	answer_count = 0;
	on_a_thread(nested_thread);
	assert_int_equal(answer_count, 3);
	assert_memory_equal(answers, expected, sizeof expected);
}

static void a_root_future_is_told_without_symbols(void **state)
{
	bool parks;

	(void)state;
	on_a_thread(worker_thread);
	task_thread_may_be_root(tokio_executor());
	assert_true(this_thread.root_suspect);
	assert_true(task_root_excluded());
	assert_int_equal(task_root_flags(NULL, 0, &parks), 0);
	memcpy(context.budget, "\1\200", 2);
	context.runtime = 0;
	assert_false(task_root_excluded());
	assert_int_equal(task_root_flags(NULL, 0, &parks), SITE_ROOT_CURRENT_THREAD);
	context.runtime = 1;
	assert_int_equal(task_root_flags(NULL, 0, &parks), SITE_ROOT_MULTI_THREAD);
	context.budget[0] = 0; /* the runtime parks */
	assert_int_equal(task_root_flags(NULL, 0, &parks), 0);
	assert_true(task_root_excluded());
	context.runtime = 2;
	assert_int_equal(task_root_flags(NULL, 0, &parks), 0);
	assert_false(tokio_misses_roots());
}

static const struct turn *root_sample(uint64_t now)
{
	struct unwind_start here = { 0 };
	uint64_t frames[8];

	return root_turn_sampled(&here, now, frames, 8);
}

static void a_root_future_is_in_one_turn_until_it_is_seen_elsewhere(void **state)
{
	uint64_t start = turn_clock_now();

	(void)state;
	on_a_thread(worker_thread);
	task_thread_may_be_root(tokio_executor());
	assert_null(root_sample(start));
	memcpy(context.budget, "\1\200", 2);
	context.runtime = 0;
	this_thread.root_reactor = true;
	assert_int_equal(root_sample(start)->root, SITE_ROOT_CURRENT_THREAD);
	context.budget[1] = 100;
	assert_int_equal(root_sample(start + 1)->start, start);
	context.random[0]++; /* another block_on */
	assert_int_equal(root_sample(start + 2)->start, start + 2);
	context.budget[1] = 101; /* another poll */
	assert_int_equal(root_sample(start + 3)->start, start + 3);
	run_task(note); /* and a third, after a task */
	assert_null(root_turn());
	memcpy(context.budget, "\1\200", 2);
	assert_int_equal(root_sample(start + 4)->start, start + 4);
	assert_int_equal(this_thread.slot->turn_start, start + 4);
	context.budget[0] = 0; /* the runtime runs */
	assert_null(root_sample(start + 5));
	assert_int_equal(this_thread.slot->turn_start, 0);
	this_thread.root_reactor = false;
	context.budget[0] = 1;
	assert_int_equal(root_sample(start + 6)->root, SITE_ROOT_FUTURE);
	root_turn_is_over();
	context.budget[0] = 0;
	context.runtime = 2;
}

static void a_suspect_of_whom_nothing_comes_is_one_no_more(void **state)
{
	unsigned asked = 0;
	bool parks;

	(void)state;
	task_thread_may_be_root(tokio_executor());
	while (this_thread.root_suspect && asked < 1000) {
		task_root_flags(NULL, 0, &parks);
		asked++;
	}
	assert_in_range(asked, 1, 64);
	task_thread_may_be_root(tokio_executor()); /* it parks again: a few more */
	assert_true(this_thread.root_suspect);
	for (asked = 0; this_thread.root_suspect; asked++)
		task_root_flags(NULL, 0, &parks);
	assert_int_equal(asked, 8);
}

/* Tables of the same shape, with other arguments and results. */

static double scale(double value, int times)
{
	return value * times;
}

static long increment(long number)
{
	return number + 1;
}

struct operations {
	double (*scale)(double value, int times);
	void (*others[6])(void *);
	uint64_t numbers[3];
};

struct counters {
	long (*increment)(long number);
	void (*others[6])(void *);
	uint64_t numbers[3];
};

static const struct operations operations_table = { scale,
						    { other, other, other, other, other, other },
						    { 0x100, 0x20, 0x28 } };
static const struct counters counters_table = { increment,
						{ other, other, other, other, other, other },
						{ 0x100, 0x40, 0x40 } };

static void a_table_that_only_looks_like_one_goes_on_working(void **state)
{
	const struct operations *operations = in_memory(&operations_table);
	const struct counters *counters = in_memory(&counters_table);

	(void)state;
	assert_true(counters->increment != increment); /* it was taken for one */
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(counters->increment(41), 42);
		assert_true(operations->scale(1.5, 4) == 6);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_table_of_the_program_is_hooked_where_it_lies, forget),
		cmocka_unit_test_setup(block_in_place_is_told_in_the_first_poll, forget),
		cmocka_unit_test_setup(a_task_without_a_worker_must_not_block, forget),
		cmocka_unit_test_setup(a_local_set_within_a_job_must_not_block, forget),
		cmocka_unit_test_setup(turns_nest, forget),
		cmocka_unit_test_setup(a_root_future_is_told_without_symbols, forget),
		cmocka_unit_test_setup(a_root_future_is_in_one_turn_until_it_is_seen_elsewhere,
				       forget),
		cmocka_unit_test_setup(a_suspect_of_whom_nothing_comes_is_one_no_more, forget),
		cmocka_unit_test_setup(a_table_that_only_looks_like_one_goes_on_working, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
