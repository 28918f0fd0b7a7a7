/* Stacks of all shapes, frame for frame as glibc's unwinder sees them. */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#include "stacks.h"

static struct stack seen;
static volatile int sink;

/* ---- plain frames */

NOINLINE static void dig(int depth)
{
	volatile char frame[40];

	frame[0] = (char)depth;
	if (depth)
		dig(depth - 1);
	else
		STACK_TAKE(&seen);
	sink += frame[0];
}

static void a_deep_recursion(void **state)
{
	(void)state;
	for (int depth = 0; depth < 100; depth += 9) {
		dig(depth);
		assert_stacks_agree(&seen);
	}
}

static void a_walk_ends_where_there_is_no_more_room(void **state)
{
	struct unwind_start here;
	uint64_t frames[4] = { 0, 0, 0, 42 };

	(void)state;
	UNWIND_HERE(&here);
	assert_int_equal(unwinder_walk(&here, frames, NULL, 3), 3);
	assert_int_equal(frames[3], 42);
	assert_int_equal(unwinder_walk(&here, frames, NULL, 0), 0);
}

static void each_place_holds_its_frame(void **state)
{
	(void)state;
	dig(20);
	assert_int_equal(seen.places[0], 0);
	/* Frames that have returned leave what they were; those of this function are still there.
	 */
	for (size_t i = seen.depth - 4; i < seen.depth; i++)
		assert_int_equal(*(uint64_t *)seen.places[i], seen.frames[i]);
}

/* ---- frames whose size is known at run time only */

NOINLINE static void with_alloca(int size, int depth)
{
	volatile char *block = alloca((size_t)size);

	block[size - 1] = 1;
	if (depth)
		with_alloca(size * 2, depth - 1);
	else
		STACK_TAKE(&seen);
	sink += block[size - 1];
}

static void a_function_with_alloca(void **state)
{
	(void)state;
	with_alloca(24, 6);
	assert_stacks_agree(&seen);
}

NOINLINE static void realigned(int size, int depth)
{
	volatile char aligned[64] __attribute__((aligned(64)));
	volatile char *block = alloca((size_t)size);

	aligned[0] = block[0] = (char)depth;
	if (depth)
		realigned(size + 8, depth - 1);
	else
		STACK_TAKE(&seen);
	sink += aligned[0] + block[0];
}

static void a_function_that_realigns_its_stack(void **state)
{
	(void)state;
	realigned(40, 5);
	assert_stacks_agree(&seen);
}

/* ---- through libraries */

NOINLINE static int compare(const void *a, const void *b)
{
	if (*(const int *)a == 1)
		STACK_TAKE(&seen);
	return *(const int *)a - *(const int *)b;
}

static void a_callback_of_qsort(void **state)
{
	int numbers[] = { 1, 5, 4, 3, 2, 6, 9, 8, 7, 0 };

	(void)state;
	qsort(numbers, 10, sizeof *numbers, compare);
	assert_stacks_agree(&seen);
}

static void a_callback_of_bsearch(void **state)
{
	int numbers[] = { 0, 1, 2, 3, 4, 5 }, key = 1;

	(void)state;
	assert_non_null(bsearch(&key, numbers, 6, sizeof *numbers, compare));
	assert_stacks_agree(&seen);
}

/* ---- threads */

static void *in_thread(void *unused)
{
	dig(10);
	return unused;
}

static void a_thread(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, in_thread, NULL), 0);
	pthread_join(thread, NULL);
	assert_stacks_agree(&seen);
}

static void a_thread_on_a_stack_of_the_program(void **state)
{
	static char stack[1 << 16] __attribute__((aligned(4096)));
	pthread_attr_t attributes;
	pthread_t thread;

	(void)state;
	pthread_attr_init(&attributes);
	pthread_attr_setstack(&attributes, stack, sizeof stack);
	assert_int_equal(pthread_create(&thread, &attributes, in_thread, NULL), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
	assert_stacks_agree(&seen);
}

/* ---- signals */

static void on_signal(int number)
{
	(void)number;
	dig(3);
}

NOINLINE static void interrupted(int depth)
{
	volatile char frame[24];

	frame[0] = (char)depth;
	if (depth)
		interrupted(depth - 1);
	else
		raise(SIGUSR1);
	sink += frame[0];
}

static void handle(int flags)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
}

static void a_signal_handler(void **state)
{
	(void)state;
	handle(0);
	interrupted(5);
	assert_stacks_agree(&seen);
}

static void a_signal_handler_on_a_stack_of_its_own(void **state)
{
	static char stack[1 << 16];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack }, before;

	(void)state;
	assert_int_equal(sigaltstack(&alternate, &before), 0);
	handle(SA_ONSTACK);
	interrupted(5);
	sigaltstack(&before, NULL);
	assert_stacks_agree(&seen);
}

/* The instruction that a signal comes upon may be the first of its function. */
NOINLINE static void faulting(volatile int *nowhere)
{
	*nowhere = 1;
}

static sigjmp_buf recovered;

static void on_fault(int number)
{
	(void)number;
	dig(1);
	siglongjmp(recovered, 1);
}

static void a_fault_in_a_function_without_a_frame(void **state)
{
	struct sigaction action = { .sa_handler = on_fault }, before;

	(void)state;
	sigaction(SIGSEGV, &action, &before);
	if (!sigsetjmp(recovered, 1))
		faulting((volatile int *)8);
	sigaction(SIGSEGV, &before, NULL);
	assert_stacks_agree(&seen);
	assert_true(stack_has(&seen, (void *)faulting, 32));
}

/* ---- coroutines */

static ucontext_t outer, inner;

static void in_coroutine(void)
{
	dig(30);
}

static void on_coroutine_stack(char *stack, size_t size)
{
	getcontext(&inner);
	inner.uc_stack.ss_sp = stack;
	inner.uc_stack.ss_size = size;
	inner.uc_link = &outer;
	makecontext(&inner, in_coroutine, 0);
	swapcontext(&outer, &inner);
}

static void a_coroutine(void **state)
{
	char *stack = malloc(1 << 16);

	(void)state;
	on_coroutine_stack(stack, 1 << 16);
	free(stack);
	assert_stacks_agree(&seen);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_deep_recursion),
		cmocka_unit_test(a_walk_ends_where_there_is_no_more_room),
		cmocka_unit_test(each_place_holds_its_frame),
		cmocka_unit_test(a_function_with_alloca),
		cmocka_unit_test(a_function_that_realigns_its_stack),
		cmocka_unit_test(a_callback_of_qsort),
		cmocka_unit_test(a_callback_of_bsearch),
		cmocka_unit_test(a_thread),
		cmocka_unit_test(a_thread_on_a_stack_of_the_program),
		cmocka_unit_test(a_signal_handler),
		cmocka_unit_test(a_signal_handler_on_a_stack_of_its_own),
		cmocka_unit_test(a_fault_in_a_function_without_a_frame),
		cmocka_unit_test(a_coroutine),
	};

	return cmocka_run_group_tests(tests, stacks_init, NULL);
}
