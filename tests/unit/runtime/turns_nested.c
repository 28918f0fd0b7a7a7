/* Turns within turns: who is watched, and who is not any more. */
#include "calls_seen.h"

#include <errno.h>
#include <sys/wait.h>

static struct executor *executor(void)
{
	return executor_get(FAMILY_ANNOTATED, "test", 0, CONFIDENCE_HIGH);
}

static void begin_and_end_nest(void **state)
{
	struct turn outer = { 0 }, inner = { 0 };

	(void)state;
	assert_false(this_thread.armed);
	turn_begin(&outer, executor(), TURN_TASK);
	assert_true(this_thread.armed);
	turn_begin(&inner, executor(), TURN_TASK);
	assert_ptr_equal(this_thread.turn, &inner);
	assert_ptr_equal(inner.parent, &outer);
	turn_end(&inner);
	assert_ptr_equal(this_thread.turn, &outer);
	assert_true(this_thread.armed);
	turn_end(&outer);
	assert_null(this_thread.turn);
	assert_false(this_thread.armed);
}

static void an_offload_in_a_task_disarms(void **state)
{
	struct turn task = { 0 }, offload = { 0 }, within = { 0 };
	uint32_t before;

	(void)state;
	turn_begin(&task, executor(), TURN_TASK);
	turn_begin(&offload, executor(), TURN_OFFLOAD);
	assert_false(this_thread.armed);
	before = seen_count();
	usleep(1);
	assert_int_equal(seen_count(), before);
	turn_begin(&within, executor(), TURN_TASK);
	assert_true(this_thread.armed);
	turn_end(&within);
	assert_false(this_thread.armed);
	turn_end(&offload);
	assert_true(this_thread.armed);
	usleep(1);
	assert_int_not_equal(seen_count(), before);
	turn_end(&task);
}

/* A call's time belongs to its turn and to each turn around that one. */
static void what_calls_explain_adds_up_in_each_turn_around(void **state)
{
	struct turn outer = { 0 }, inner = { 0 };

	(void)state;
	turn_begin(&outer, executor(), TURN_TASK);
	turn_explain(&outer, 1000000, 1);
	turn_begin(&inner, executor(), TURN_TASK);
	turn_explain(&inner, 2000000, 2);
	turn_explain(&inner, 4000000, 4);
	assert_int_equal(inner.explained_us, 6000);
	assert_int_equal(inner.explained_switches, 6);
	assert_int_equal(outer.explained_us, 7000);
	assert_int_equal(outer.explained_switches, 7);
	turn_end(&inner);
	turn_end(&outer);
}

static void an_offload_explains_nothing_of_the_turn_around(void **state)
{
	struct turn task = { 0 }, offload = { 0 };

	(void)state;
	turn_begin(&task, executor(), TURN_TASK);
	turn_begin(&offload, executor(), TURN_OFFLOAD);
	turn_explain(&offload, 2000000, 2);
	assert_int_equal(task.explained_us, 0);
	turn_end(&offload);
	turn_end(&task);
}

static void the_end_of_a_turn_that_is_not_there_does_nothing(void **state)
{
	struct turn turn = { 0 }, stranger = { 0 };

	(void)state;
	turn_end(&stranger);
	assert_null(this_thread.turn);
	turn_begin(&turn, executor(), TURN_TASK);
	turn_end(&stranger);
	assert_ptr_equal(this_thread.turn, &turn);
	assert_true(this_thread.armed);
	turn_end(&turn);
	turn_end(&turn);
	assert_null(this_thread.turn);
}

static void the_end_of_an_outer_turn_ends_those_within(void **state)
{
	struct turn outer = { 0 }, inner = { 0 };

	(void)state;
	turn_begin(&outer, executor(), TURN_TASK);
	turn_begin(&inner, executor(), TURN_TASK);
	turn_end(&outer);
	assert_null(this_thread.turn);
	assert_false(this_thread.armed);
	turn_end(&inner);
	assert_null(this_thread.turn);
}

static void a_turn_left_below_on_the_stack_is_dropped(void **state)
{
	struct turn left = { .address = 1000 }, above = { .address = 2000 };

	(void)state;
	turn_begin(&left, executor(), TURN_TASK);
	turn_begin(&above, executor(), TURN_TASK); /* a frame further out: the other's has gone */
	assert_null(above.parent);
	turn_end(&left);
	assert_ptr_equal(this_thread.turn, &above);
	turn_end(&above);
	assert_null(this_thread.turn);
}

static void a_forked_child_has_no_turn(void **state)
{
	int status = -1;
	pid_t child;

	(void)state;
	turn_enter();
	child = fork();
	if (!child) {
		bool clean = !this_thread.turn && !this_thread.armed && !this_thread.slot;

		turn_leave(); /* of the parent's turn: nothing */
		_exit(clean && !this_thread.turn ? 0 : 1);
	}
	assert_true(this_thread.armed);
	turn_leave();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void own_code_is_never_watched(void **state)
{
	uint32_t before;

	(void)state;
	turn_enter();
	before = seen_count();
	{
		OWN_CODE_SCOPE;

		assert_false(this_thread.armed);
		errno = 0;
		{
			OWN_CODE_SCOPE;

			usleep(1);
			errno = EIO;
		}
		assert_int_equal(errno, 0);
		assert_false(this_thread.armed);
		usleep(1);
	}
	assert_true(this_thread.armed);
	assert_int_equal(seen_count(), before);
	usleep(1);
	assert_int_not_equal(seen_count(), before);
	turn_leave();
}

static void a_turn_begun_in_own_code_is_armed_after_it(void **state)
{
	struct turn turn = { 0 };

	(void)state;
	{
		OWN_CODE_SCOPE;

		turn_begin(&turn, executor(), TURN_TASK);
		assert_false(this_thread.armed);
	}
	assert_true(this_thread.armed);
	turn_end(&turn);
}

static void turns_are_counted_and_offloads_are_not(void **state)
{
	struct turn offload = { 0 };
	uint64_t before;

	(void)state;
	turn_enter();
	turn_leave();
	assert_non_null(this_thread.turn_counter);
	before = *this_thread.turn_counter;
	for (int i = 0; i < 10; i++) {
		turn_enter();
		turn_begin(&offload, executor(), TURN_OFFLOAD);
		turn_end(&offload);
		turn_leave();
	}
	assert_int_equal(*this_thread.turn_counter, before + 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begin_and_end_nest),
		cmocka_unit_test(an_offload_in_a_task_disarms),
		cmocka_unit_test(what_calls_explain_adds_up_in_each_turn_around),
		cmocka_unit_test(an_offload_explains_nothing_of_the_turn_around),
		cmocka_unit_test(the_end_of_a_turn_that_is_not_there_does_nothing),
		cmocka_unit_test(the_end_of_an_outer_turn_ends_those_within),
		cmocka_unit_test(a_turn_left_below_on_the_stack_is_dropped),
		cmocka_unit_test(a_forked_child_has_no_turn),
		cmocka_unit_test(own_code_is_never_watched),
		cmocka_unit_test(a_turn_begun_in_own_code_is_armed_after_it),
		cmocka_unit_test(turns_are_counted_and_offloads_are_not),
	};

	return RUN_SEEN(tests);
}
