/*
 * The tables that all threads of a watched program share, used by many threads at once, under the
 * thread sanitizer: `make check-tsan`. The wrappers have other names here, so that the sanitizer
 * sees the real calls.
 */
#include "../unit/runtime/calls_seen.h"

#include "runtime/locks/held.h"
#include "runtime/locks/lock_wait.h"
#include "runtime/modules/modules.h"
#include "runtime/process/phase.h"
#include "runtime/tasks/task_registry.h"
#include "runtime/trace/sites.h"
#include "runtime/turns/allowance.h"
#include "runtime/turns/task_types.h"
#include "runtime/unwind/unwinder.h"

#define THREADS 8
#define ROUNDS	300

static pthread_barrier_t begin;

struct worker {
	pthread_t thread;
	unsigned number;
	void (*work)(unsigned number, unsigned round);
};

static void *run(void *data)
{
	const struct worker *worker = data;

	pthread_barrier_wait(&begin);
	for (unsigned round = 0; round < ROUNDS; round++)
		worker->work(worker->number, round);
	return NULL;
}

/* All threads do the same, from the same moment on. */
static void together(void (*work)(unsigned number, unsigned round))
{
	struct worker workers[THREADS];

	pthread_barrier_init(&begin, NULL, THREADS);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .number = i, .work = work };
		assert_int_equal(pthread_create(&workers[i].thread, NULL, run, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&begin);
}

static struct executor *executor_of(unsigned number)
{
	char name[16];

	snprintf(name, sizeof name, "test-%u", number % 4);
	return executor_get(FAMILY_ANNOTATED, name, 0, CONFIDENCE_HIGH);
}

static void take_turns(unsigned number, unsigned round)
{
	struct turn turn = { 0 };

	turn_begin(&turn, executor_of(number + round), TURN_TASK);
	executor_confirm(turn.executor);
	turn_end(&turn);
}

static void executors_and_slots(void **state)
{
	(void)state;
	together(take_turns);
}

/* A thread's slot serves the next thread. */
static void slots_of_threads_that_end(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++)
		together(take_turns);
}

static void count_events(unsigned number, unsigned round)
{
	uint64_t frames[] = { 0x1000 + round % 16, 0x2000 + number % 2, 0x3000 };
	const struct site_key key = {
		.kind = SITE_BLOCKING_CALL,
		.call = CALL_nanosleep,
		.executor = trace_offset(executor_record(executor_of(number))),
		.frames = frames,
		.depth = ARRAY_SIZE(frames),
	};
	struct trace_site *site = site_get(&key);

	if (site)
		site_count(site, (struct verdict){ SEVERITY_ERROR, 0 }, 1000, 900, now_ns());
	(void)sites_count(SEVERITY_ERROR);
}

static void sites(void **state)
{
	(void)state;
	assert_true(trace_open());
	together(count_events);
}

static void write_records(unsigned number, unsigned round)
{
	uint64_t at = sizeof(struct trace_header);
	struct trace_stack *stack = trace_allocate(sizeof *stack + 8);

	if (stack) {
		stack->depth = 1;
		stack->frames[0] = number;
		trace_publish(stack, RECORD_STACK);
	}
	if (round % 50 == 0)
		while (trace_next_record(&at))
			;
}

static void records_of_the_trace(void **state)
{
	(void)state;
	together(write_records);
}

static char locks[THREADS][64];

static void hold_locks(unsigned number, unsigned round)
{
	struct turn turn = { 0 };
	struct lock_wait wait;

	turn_begin(&turn, executor_of(number), TURN_TASK);
	held_note((uintptr_t)&locks[number][round % 60], TRACE_LOCK_ANNOTATED,
		  __builtin_frame_address(0));
	/* Looks into the tables of other threads. */
	lock_wait_begin(&wait, (uintptr_t)&locks[(number + 1) % THREADS][round % 60],
			TRACE_LOCK_ANNOTATED, false);
	if (round % 16 == 0)
		lock_wait_look(&wait);
	lock_wait_end(&wait);
	held_released((uintptr_t)&locks[number][round % 60]);
	turn_end(&turn);
}

static void tables_of_held_locks(void **state)
{
	(void)state;
	together(hold_locks);
}

static void walk(unsigned number, unsigned round)
{
	uint64_t frames[32];
	struct unwind_start start;

	UNWIND_HERE(&start);
	assert_in_range(unwinder_walk(&start, frames, NULL, 32), 1, 32);
	if (number == 0 && round % 32 == 0)
		unwinder_forget((uintptr_t)walk, (uintptr_t)walk + 4096);
}

static void rules_of_the_unwinder(void **state)
{
	(void)state;
	together(walk);
}

static void find_modules(unsigned number, unsigned round)
{
	if (number == 0 && round % 64 == 0)
		modules_scan(NULL, NULL);
	else
		assert_non_null(modules_find((uintptr_t)find_modules));
}

static void modules(void **state)
{
	(void)state;
	together(find_modules);
}

static void allow(unsigned number, unsigned round)
{
	static const char *const reasons[] = { "one", "two", "three" };

	(void)number;
	allowance_begin(reasons[round % ARRAY_SIZE(reasons)]);
	assert_true(allowance_take());
	allowance_end();
}

static void allowances(void **state)
{
	(void)state;
	together(allow);
}

static void poll_tasks(unsigned number, unsigned round)
{
	static uint64_t headers[THREADS][64];
	static uint64_t vtables[4];
	const void *header = &headers[number][round % 64];
	uint32_t type = task_type_number((uintptr_t)&vtables[round % 4], 0x1000 + round % 4);

	task_type_write(type);
	task_type_add(type, trace_offset(executor_record(executor_of(number))), 1, 1000, 1000);
	task_registry_polled(header, type, round);
	if (round % 3 == 0)
		task_registry_remove(header);
}

static void types_and_registry_of_tasks(void **state)
{
	(void)state;
	together(poll_tasks);
}

static void serve(unsigned number, unsigned round)
{
	(void)number;
	phase_listens(-1);
	phase_first_accept();
	phase_write();
	if (round == ROUNDS - 1)
		phase_ends();
}

static void phases(void **state)
{
	(void)state;
	together(serve);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(executors_and_slots),
		cmocka_unit_test(slots_of_threads_that_end),
		cmocka_unit_test(sites),
		cmocka_unit_test(records_of_the_trace),
		cmocka_unit_test(tables_of_held_locks),
		cmocka_unit_test(rules_of_the_unwinder),
		cmocka_unit_test(modules),
		cmocka_unit_test(allowances),
		cmocka_unit_test(types_and_registry_of_tasks),
		cmocka_unit_test(phases),
	};

	return RUN_SEEN(tests);
}
