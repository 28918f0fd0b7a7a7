/* Turns and what runs on other stacks. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "runtime/turns/executor.h"
#include "runtime/base/memory.h"
#include "runtime/turns/stack_switch.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"

#define STACK (256 * 1024)

static ucontext_t outside, coroutine;
static struct executor *executor;
static struct turn outer, inner;

static int set_up(void **state)
{
	(void)state;
	executor = executor_get(FAMILY_ANNOTATED, "test", 0, CONFIDENCE_HIGH);
	return executor ? 0 : -1;
}

/* Where the frame that begins it lies, as a recogniser's. */
static void begin(struct turn *turn)
{
	turn->address = (uintptr_t)__builtin_frame_address(0);
	turn_begin(turn, executor, TURN_TASK);
}

static void make(char *stack, void (*function)(void))
{
	assert_int_equal(getcontext(&coroutine), 0);
	coroutine.uc_stack.ss_sp = stack;
	coroutine.uc_stack.ss_size = STACK;
	coroutine.uc_link = NULL;
	makecontext(&coroutine, function, 0);
}

static void leave(void)
{
	swapcontext(&coroutine, &outside);
}

static void yield_for_ever(void)
{
	for (;;)
		leave();
}

static void a_switch_back_is_a_yield(void **state)
{
	uint32_t resumes = this_thread.resumes, yields = this_thread.yields;
	char *stack = memory_map(STACK);

	(void)state;
	make(stack, yield_for_ever);
	begin(&outer);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(swapcontext(&outside, &coroutine), 0);
		assert_int_equal(this_thread.resumes, resumes + i);
		assert_int_equal(this_thread.yields, yields + i);
		assert_int_equal(this_thread.coroutine, 0);
	}
	turn_end(&outer);
	assert_null(this_thread.turn);
}

static void outside_turns_nothing_is_kept(void **state)
{
	uint32_t resumes = this_thread.resumes, yields = this_thread.yields;
	char *stack = memory_map(STACK);

	(void)state;
	make(stack, yield_for_ever);
	assert_int_equal(swapcontext(&outside, &coroutine), 0);
	assert_int_equal(this_thread.resumes, resumes);
	assert_int_equal(this_thread.yields, yields);
}

static void end_elsewhere(void)
{
	turn_end(&outer);
	leave();
}

static void a_turn_may_end_on_another_stack(void **state)
{
	char *stack = memory_map(STACK);

	(void)state;
	make(stack, end_elsewhere);
	begin(&outer);
	assert_int_equal(swapcontext(&outside, &coroutine), 0);
	assert_null(this_thread.turn);
}

static void run_within(void)
{
	begin(&inner);
	leave();
	for (;;)
		leave();
}

/* Frames of the coroutine lie above those of the thread, which goes on after it. */
static void *run_below(void *stack)
{
	make(stack, run_within);
	begin(&outer);
	swapcontext(&outside, &coroutine);
	assert_ptr_equal(this_thread.turn, &inner);
	assert_ptr_equal(inner.parent, &outer);
	turn_end(&inner);
	assert_ptr_equal(this_thread.turn, &outer);
	turn_end(&outer);
	assert_null(this_thread.turn);
	return NULL;
}

static void a_turn_on_a_stack_above_leaves_the_one_below(void **state)
{
	char *stacks = memory_map(2 * STACK);
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	pthread_attr_init(&attributes);
	assert_int_equal(pthread_attr_setstack(&attributes, stacks, STACK), 0);
	assert_int_equal(pthread_create(&thread, &attributes, run_below, stacks + STACK), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
}

static jmp_buf back;

static void jump_out(void)
{
	begin(&inner);
	longjmp(back, 1);
}

static void what_a_jump_left_on_one_stack_is_healed(void **state)
{
	(void)state;
	if (!setjmp(back))
		jump_out();
	begin(&outer);
	assert_null(outer.parent);
	turn_end(&outer);
	assert_null(this_thread.turn);
}

static void addresses_of_two_stacks_tell_nothing(void **state)
{
	char *stack = memory_map(STACK);
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	(void)state;
	assert_true(stack_is_own(here));
	assert_false(stack_is_own((uintptr_t)stack));
	assert_false(stack_was_left((uintptr_t)stack, here));
	assert_true(stack_was_left(here - 64, here));
	assert_false(stack_was_left(here, here - 64));
	assert_true(stack_was_left((uintptr_t)stack, (uintptr_t)stack + 64));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_switch_back_is_a_yield),
		cmocka_unit_test(outside_turns_nothing_is_kept),
		cmocka_unit_test(a_turn_may_end_on_another_stack),
		cmocka_unit_test(a_turn_on_a_stack_above_leaves_the_one_below),
		cmocka_unit_test(what_a_jump_left_on_one_stack_is_healed),
		cmocka_unit_test(addresses_of_two_stacks_tell_nothing),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
