/* What suspended tasks hold, read out of their futures: what is alive, what is only left over, and
 * memory that is gone. */
#include "calls_seen.h"

#include "../layouts.h"

#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_slots.h"
#include "runtime/tasks/tokio.h"
#include "runtime/futures/guard_look.h"
#include "runtime/futures/guard_rest.h"
#include "runtime/futures/guard_sites.h"

#define SLOT	      7
#define RUNNING	      1
#define COMPLETE      2
#define REFERENCED    64
#define TRAILER	      0x100
#define STAGE_RUNNING 0

/* A task, as Tokio lays one out. */
struct task {
	uint64_t state, queue_next, vtable, owner;
	uint8_t stage, reserved[7];
	struct made_future future;
};

static struct made_layout made;
static struct task_module module;
static struct layout_task *task_type;
static uint8_t doubts[64];
static uint64_t vtable[10];
static uint64_t dyn_vtable[4];
static uint32_t locked = 1, unlocked;
static struct task task;

/* Of each kind one machine that may hold a guard. */
static struct {
	uint32_t plain, flagged, anothers_flag, boxed, option, inner, in_box, in_dyn, in_itself;
} machines;

static void put_machines(void)
{
	struct layout_value *value;

	machines.plain = layout_put_machine(&made);
	layout_put_guard(&made);

	machines.flagged = layout_put_machine(&made);
	layout_put_guard(&made)->drop_flag = offsetof(struct made_future, flag);

	/* It is not known whose flag that is. */
	machines.anothers_flag = layout_put_machine(&made);
	layout_put_guard(&made);
	layout_put_value(&made, HELD_OTHER, offsetof(struct made_future, other_flag), 1)->flags =
		VALUE_DROP_FLAG;
	layout_suspended(&made)->flag_count = 1;

	machines.boxed = layout_put_machine(&made);
	value = layout_put_guard(&made);
	value->box = value->offset;
	value->offset = 16;
	layout_put_value(&made, HELD_OTHER, offsetof(struct made_future, other_flag), 1)->flags =
		VALUE_DROP_FLAG;
	layout_suspended(&made)->flag_count = 1;
	layout_put_condition(&made, value, 8, 5, CONDITION_BOXED);

	machines.option = layout_put_machine(&made);
	layout_put_condition(&made, layout_put_guard(&made), offsetof(struct made_future, variant),
			     2, CONDITION_NOT);

	/* Awaits the first. */
	machines.inner = layout_put_machine(&made);
	layout_put_future(&made, machines.plain, 0, VALUE_AWAITED);
	made.machines[machines.inner].discriminant = sizeof(struct made_future);
	made.machines[machines.inner].size = 2 * sizeof(struct made_future);

	machines.in_box = layout_put_machine(&made);
	value = layout_put_future(&made, machines.plain, 0, VALUE_AWAITED | VALUE_BOXED);
	value->box = offsetof(struct made_future, guard);

	machines.in_dyn = layout_put_machine(&made);
	layout_put_future(&made, LAYOUT_NONE, offsetof(struct made_future, guard),
			  VALUE_AWAITED | VALUE_DYN);

	machines.in_itself = layout_put_machine(&made);
	value = layout_put_future(&made, machines.in_itself, 0, VALUE_AWAITED | VALUE_BOXED);
	value->box = offsetof(struct made_future, guard);
}

static int set_up(void **state)
{
	static struct module nowhere; /* at 0: its addresses are those of the memory here */
	struct executor *executor = tokio_executor();

	(void)state;
	if (!trace_open() || !executor || !executor_record(executor))
		return -1;
	layout_begin(&made);
	layout_put_word(&made);
	put_machines();
	made.vtables[layout_take(&made, LAYOUT_VTABLES)] =
		(struct layout_vtable){ .address = (uintptr_t)dyn_vtable,
					.machine = machines.plain };
	task_type = &made.tasks[layout_take(&made, LAYOUT_TASKS)];
	*task_type = (struct layout_task){
		.poll = 0x1000,
		.trailer = TRAILER,
		.future = offsetof(struct task, future),
		.flags = TASK_HOLDS,
		.first_condition = made.header.parts[LAYOUT_CONDITIONS].count,
		.condition_count = 1,
	};
	made.conditions[layout_take(&made, LAYOUT_CONDITIONS)] = (struct layout_condition){
		.value = STAGE_RUNNING, .offset = offsetof(struct task, stage), .size = 1
	};
	layout_finish(&made);
	module.futures.doubts = doubts;
	module.module = &nowhere;
	if (layout_read(&module.futures.table, &made, sizeof made))
		return -1;
	task_slots[SLOT] = (struct task_slot){ .module = &module,
					       .family = &tokio_family,
					       .vtable = (uintptr_t)vtable,
					       .type = 1,
					       .word = 3,
					       .by_shape = true,
					       .future = task_type };
	return guard_rests_init() ? 0 : -1;
}

/* A task of a machine that waits, its guard referring to `lock`. */
static int fresh(void **state)
{
	(void)state;
	memset(doubts, 0, sizeof doubts);
	memset(&task, 0, sizeof task);
	guard_rests_forget();
	guard_sites_forget();
	task.state = REFERENCED;
	task.vtable = (uintptr_t)vtable;
	task.owner = 1;
	task.future.state = SUSPENDED;
	task.future.guard = &locked;
	task_type->flags = TASK_HOLDS;
	locked = 1;
	unlocked = 0;
	return 0;
}

static const struct trace_guard_site *last_site; /* that was recorded */

/* Over all that were written so far, of those sites that have all of these flags, and no other. */
static uint64_t yields_told(uint32_t flags)
{
	const struct trace_header *header = trace_header();
	uint64_t yields = 0;

	last_site = NULL;

	for (uint32_t at = header->header_size; at < header->used;) {
		const struct trace_record *record = trace_at(at);
		const struct trace_guard_site *site = (const void *)record;

		if (record->type == RECORD_GUARD_SITE &&
		    (!last_site || site->last_ns >= last_site->last_ns))
			last_site = site;
		if (record->type == RECORD_GUARD_SITE && site->flags == flags)
			yields += site->yields;
		at += record->size;
	}
	return yields;
}

/* Of one look, whatever it may have been sure of. */
static unsigned told_of(const void *header, enum look_from from)
{
	uint64_t before = yields_told(0) + yields_told(GUARD_UNSURE);

	guard_look(&task_slots[SLOT], header, from);
	return (unsigned)(yields_told(0) + yields_told(GUARD_UNSURE) - before);
}

static unsigned reported(uint32_t machine)
{
	task_type->machine = machine;
	return told_of(&task, LOOK_TO_POLL);
}

static void a_guard_in_a_suspended_task_is_told(void **state)
{
	(void)state;
	assert_int_equal(reported(machines.plain), 1);
	yields_told(0);
	assert_int_equal(last_site->depth, 1);
	assert_int_equal(last_site->links[0].machine, machines.plain);
	assert_int_equal(made.states[last_site->links[0].state].value, SUSPENDED);
	assert_int_equal(last_site->address, (uintptr_t)&locked);
	assert_int_equal(last_site->layout_version, LAYOUT_VERSION);
}

static void a_task_that_does_not_wait_holds_nothing(void **state)
{
	(void)state;
	for (uint8_t value = 0; value < SUSPENDED; value++) {
		task.future.state = value;
		assert_int_equal(reported(machines.plain), 0);
	}
	task.future.state = SUSPENDED + 1; /* no state of its machine */
	assert_int_equal(reported(machines.plain), 0);
	task.future.state = SUSPENDED;
	task.stage = STAGE_RUNNING + 1; /* it has a result, and no future */
	assert_int_equal(reported(machines.plain), 0);
}

static void a_drop_flag_tells_what_was_dropped(void **state)
{
	(void)state;
	task.future.flag = 0;
	assert_int_equal(reported(machines.flagged), 0);
	task.future.flag = 1;
	assert_int_equal(reported(machines.flagged), 1);
	assert_int_equal(last_site->flags, 0);
}

/* A left-over points to a lock that others take as well. */
static void without_a_flag_of_its_own_it_is_in_doubt(void **state)
{
	uint64_t sure = yields_told(0);

	(void)state;
	task.future.other_flag = 0;
	assert_int_equal(reported(machines.anothers_flag), 1);
	assert_int_equal(yields_told(0), sure);
	assert_int_equal(yields_told(GUARD_UNSURE), 1);
	task.future.other_flag = 1; /* nothing at all was dropped */
	assert_int_equal(reported(machines.anothers_flag), 1);
	assert_int_equal(yields_told(0), sure + 1);
}

static void one_unlocked_word_refutes_what_is_in_doubt(void **state)
{
	uint64_t refuted = yields_told(GUARD_UNSURE | GUARD_REFUTED);

	(void)state;
	assert_int_equal(reported(machines.anothers_flag), 1);
	task.future.guard = &unlocked;
	reported(machines.anothers_flag);
	assert_true(yields_told(GUARD_UNSURE | GUARD_REFUTED) > refuted);
	task.future.guard = &locked;
	for (int i = 0; i < 3; i++)
		assert_int_equal(reported(machines.anothers_flag), 0);
}

static void what_is_in_doubt_is_not_asked_for_ever(void **state)
{
	unsigned reported_in_all = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		reported_in_all += reported(machines.anothers_flag);
	assert_in_range(reported_in_all, 8, 100);
}

static void where_panics_abort_no_flag_is_missed(void **state)
{
	(void)state;
	made.header.flags |= LAYOUT_PANICS_ABORT;
	assert_int_equal(reported(machines.plain), 1);
	assert_int_equal(last_site->flags, GUARD_UNSURE);
	made.header.flags &= ~(uint32_t)LAYOUT_PANICS_ABORT;
}

static void an_option_that_is_none_holds_nothing(void **state)
{
	(void)state;
	task.future.variant = 2;
	assert_int_equal(reported(machines.option), 0);
	task.future.variant = 1;
	assert_int_equal(reported(machines.option), 1);
}

/* A word of a future that an abandoned value left behind. */
static void what_points_nowhere_is_not_followed(void **state)
{
	(void)state;
	task.future.guard = NULL;
	assert_int_equal(reported(machines.plain), 0);
	task.future.guard = layout_gone_page();
	assert_int_equal(reported(machines.anothers_flag), 0);
	assert_int_equal(reported(machines.boxed), 0);
	task.future.guard = (void *)(UINT64_MAX - 2);
	assert_int_equal(reported(machines.anothers_flag), 0);
	assert_int_equal(reported(machines.boxed), 0);
}

static void a_guard_in_a_box_is_found_when_its_variant_is_there(void **state)
{
	uint64_t *box = layout_map_page();

	(void)state;
	box[2] = (uintptr_t)&locked;
	task.future.guard = box;
	task.future.other_flag = 1;
	assert_int_equal(reported(machines.boxed), 0);
	*(uint8_t *)&box[1] = 5;
	assert_int_equal(reported(machines.boxed), 1);
	/* Freed, and its flag not known: */
	task.future.other_flag = 0;
	munmap(box, LAYOUT_PAGE);
	assert_int_equal(reported(machines.boxed), 0);
}

static void the_chain_leads_through_futures_boxes_and_vtables(void **state)
{
	struct {
		struct made_future awaited;
		uint8_t state;
	} outer = { .awaited = { .state = SUSPENDED, .guard = &locked }, .state = SUSPENDED };
	uint32_t both[] = { machines.in_box, machines.in_dyn };

	(void)state;
	task_type->flags |= TASK_BOXED;
	memcpy(&task.future, &(void *){ &outer }, sizeof(void *));
	assert_int_equal(reported(machines.inner), 1);
	assert_int_equal(last_site->depth, 2);
	assert_int_equal(last_site->links[1].machine, machines.plain);
	task_type->flags &= ~(uint32_t)TASK_BOXED;
	for (int i = 0; i < 2; i++) {
		task.future = (struct made_future){ .state = SUSPENDED, .guard = &outer.awaited };
		task.future.more[0] = (uintptr_t)dyn_vtable;
		assert_int_equal(reported(both[i]), 1);
		assert_int_equal(last_site->depth, 2);
		assert_int_equal(last_site->links[0].machine, both[i]);
	}
	task.future.more[0]++; /* of what is no state machine */
	assert_int_equal(reported(machines.in_dyn), 0);
	task_type->flags |= TASK_DYN;
	memcpy(&task.future, &(void *[]){ &outer.awaited, dyn_vtable }, 2 * sizeof(void *));
	assert_int_equal(reported(0), 1);
	assert_int_equal(last_site->depth, 1);
}

static void a_future_in_itself_is_left_in_time(void **state)
{
	(void)state;
	task.future.guard = &task.future;
	assert_int_equal(reported(machines.in_itself), 0);
}

static void from_aside_nothing_faults(void **state)
{
	struct task *page = layout_map_page(), copy;

	(void)state;
	task_type->machine = machines.plain;
	*page = task;
	assert_int_equal(told_of(page, LOOK_FROM_ASIDE), 1);
	page->state = REFERENCED | RUNNING;
	assert_int_equal(told_of(page, LOOK_FROM_ASIDE), 0);
	page->state = REFERENCED | COMPLETE;
	assert_int_equal(told_of(page, LOOK_FROM_ASIDE), 0);
	page->state = REFERENCED;
	page->vtable++; /* another task lies there now */
	assert_int_equal(told_of(page, LOOK_FROM_ASIDE), 0);
	page->vtable--;
	copy = *page;
	for (unsigned at = 0; at < sizeof copy / 8; at++) {
		task_type->machine = machines.in_dyn;
		memcpy(page, &copy, sizeof copy);
		((uint64_t *)page)[at] = (uintptr_t)layout_gone_page();
		told_of(page, LOOK_FROM_ASIDE);
		task_type->machine = machines.in_box;
		told_of(page, LOOK_FROM_ASIDE);
		task_type->machine = machines.plain;
		told_of(page, LOOK_FROM_ASIDE);
	}
	munmap(page, LAYOUT_PAGE);
	assert_int_equal(told_of(page, LOOK_FROM_ASIDE), 0);
	task.future.guard = page;
	task_type->machine = machines.plain;
	assert_int_equal(told_of(&task, LOOK_FROM_ASIDE), 0);
}

static void the_holder_of_a_lock_is_found_among_tasks_at_rest(void **state)
{
	struct guard_holder holder = { 0 };

	(void)state;
	task_type->machine = machines.plain;
	assert_false(guard_find((uintptr_t)&locked, &holder));
	guard_rest_begin(&task, SLOT);
	assert_true(guard_find((uintptr_t)&locked, &holder));
	assert_ptr_equal(trace_at(holder.guard), (yields_told(0), last_site));
	assert_true(holder.since_ns <= now_ns());
	assert_false(guard_find((uintptr_t)&unlocked, &holder));
	task.state |= RUNNING;
	assert_false(guard_find((uintptr_t)&locked, &holder));
	task.state &= ~(uint64_t)RUNNING;
	task.future.state = 1;
	assert_false(guard_find((uintptr_t)&locked, &holder));
}

/* Writers of a lock wait at another place. */
static void a_lock_is_found_by_each_place_that_is_waited_at(void **state)
{
	struct guard_holder holder = { 0 };
	uintptr_t other = (uintptr_t)&locked + 1;

	(void)state;
	task_type->machine = machines.plain;
	guard_rest_begin(&task, SLOT);
	assert_false(guard_find(other, &holder));
	made.words[0].waits = 1;
	assert_true(guard_find(other, &holder));
	assert_true(guard_find((uintptr_t)&locked, &holder));
	assert_false(guard_find(other + 1, &holder));
	task.state |= RUNNING;
	assert_false(guard_find(other, &holder));
	made.words[0].waits = LAYOUT_NONE;
}

/* Looked at by who waits for it, twice, and then polled: one yield, all of its time, and closed. */
static void a_rest_counts_once_with_all_of_its_time(void **state)
{
	struct guard_holder holder = { 0 };
	struct trace_guard_site before;

	(void)state;
	reported(machines.plain);
	turn_clock_calibrate();
	before = *last_site;
	guard_rest_begin(&task, SLOT);
	usleep(3000);
	assert_true(guard_find((uintptr_t)&locked, &holder));
	assert_int_equal(last_site->open, before.open + 1);
	assert_true(last_site->total_ns - before.total_ns >= 2900000);
	assert_true(now_ns() - last_site->open_since_ns >= 2900000);
	usleep(3000);
	assert_true(guard_find((uintptr_t)&locked, &holder));
	usleep(3000);
	reported(machines.plain);
	assert_int_equal(last_site->open, before.open);
	assert_int_equal(last_site->yields, before.yields + 1);
	assert_true(last_site->total_ns - before.total_ns >= 8900000);
	assert_true(last_site->max_ns <= last_site->total_ns);
}

static void *look_often(void *start)
{
	struct guard_holder holder = { 0 };

	pthread_barrier_wait(start);
	for (int i = 0; i < 200; i++)
		guard_find((uintptr_t)&locked, &holder);
	return NULL;
}

/* All waiters of a lock look at its holder at once. */
static void a_suspension_that_many_threads_look_at_counts_once(void **state)
{
	pthread_t threads[8];
	struct trace_guard_site before;
	pthread_barrier_t start;
	uint64_t begun;

	(void)state;
	reported(machines.plain);
	turn_clock_calibrate();
	pthread_barrier_init(&start, NULL, 8);
	for (int round = 0; round < 10; round++) {
		before = *last_site;
		begun = now_ns();
		guard_rest_begin(&task, SLOT);
		for (int i = 0; i < 8; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, look_often, &start), 0);
		for (int i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
		assert_int_equal(last_site->yields, before.yields + 1);
		assert_int_equal(last_site->open, before.open + 1);
		assert_true(last_site->total_ns - before.total_ns <= now_ns() - begun);
		assert_true(last_site->open_since_ns + 1000000 >= begun);
		assert_true(last_site->open_since_ns <= last_site->last_ns);
		reported(machines.plain);
		assert_int_equal(last_site->open, before.open);
	}
	pthread_barrier_destroy(&start);
}

static void a_guard_kept_over_yields_is_one_task_of_many_yields(void **state)
{
	uint64_t before;

	(void)state;
	reported(machines.plain);
	before = last_site->count;
	for (int i = 0; i < 5; i++) {
		guard_rest_begin(&task, SLOT);
		assert_int_equal(reported(machines.plain), 1);
	}
	assert_int_equal(last_site->count, before);
	task.future.state = 1;
	reported(machines.plain);
	task.future.state = SUSPENDED;
	reported(machines.plain);
	assert_int_equal(last_site->count, before + 1);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_guard_in_a_suspended_task_is_told),
		TEST(a_task_that_does_not_wait_holds_nothing),
		TEST(a_drop_flag_tells_what_was_dropped),
		TEST(without_a_flag_of_its_own_it_is_in_doubt),
		TEST(one_unlocked_word_refutes_what_is_in_doubt),
		TEST(what_is_in_doubt_is_not_asked_for_ever),
		TEST(where_panics_abort_no_flag_is_missed),
		TEST(an_option_that_is_none_holds_nothing),
		TEST(what_points_nowhere_is_not_followed),
		TEST(a_guard_in_a_box_is_found_when_its_variant_is_there),
		TEST(the_chain_leads_through_futures_boxes_and_vtables),
		TEST(a_future_in_itself_is_left_in_time),
		TEST(from_aside_nothing_faults),
		TEST(the_holder_of_a_lock_is_found_among_tasks_at_rest),
		TEST(a_lock_is_found_by_each_place_that_is_waited_at),
		TEST(a_rest_counts_once_with_all_of_its_time),
		TEST(a_suspension_that_many_threads_look_at_counts_once),
		TEST(a_guard_kept_over_yields_is_one_task_of_many_yields),
	};

	return cmocka_run_group_tests(tests, set_up, seen_teardown);
}
