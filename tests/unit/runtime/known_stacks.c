/* Stacks that were met before are those that a walk finds, word by word, whatever has changed. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "stack_trees.h"
#include "stacks.h"

#include "runtime/locks/known_stack.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "contract/trace_format.h"

static struct stack_memory memory;
static const struct known_stack *last;

/* Beside what is known of the same place stands what a walk finds there. */
#define CHECK()                                                                                    \
	do {                                                                                       \
		const struct known_frame *frame_ = __builtin_frame_address(0);                     \
		struct unwind_start start_ = { frame_->caller - 1, (uintptr_t)(frame_ + 1),        \
					       frame_->bp };                                       \
		uint64_t frames_[TRACE_MAX_FRAMES];                                                \
		size_t depth_ = unwinder_walk(&start_, frames_, NULL, TRACE_MAX_FRAMES);           \
                                                                                                   \
		last = known_stack_at(&memory, frame_);                                            \
		assert_true(depth_ > 3);                                                           \
		assert_int_equal(last->depth, depth_);                                             \
		assert_memory_equal(last->data, frames_, depth_ * sizeof *frames_);                \
	} while (0)

static void forget_all(void)
{
	stack_memory_forget(&memory);
}

static int set_up(void **state)
{
	stacks_init(state);
	forget_all();
	return 0;
}

NOINLINE static void leaf(void)
{
	CHECK();
}

/* The same walk is remembered under one key: what lies there now. */
static const struct known_stack *remembered(void)
{
	const struct known_stack *only = NULL;

	for (int i = 0; i < STACK_MEMORY_SIZE; i++)
		if (memory.walks[i].key)
			only = memory.walks[i].stack;
	return only;
}

/* Times a call is made from one place: not to be unrolled. */
static volatile int rounds = 5;

static void the_same_place_has_the_same_stack(void **state)
{
	const struct known_stack *stacks[5];

	(void)state;
	for (int i = 0; i < rounds; i++) {
		leaf();
		stacks[i] = last;
		assert_ptr_equal(remembered(), last);
	}
	for (int i = 1; i < rounds; i++)
		assert_ptr_equal(stacks[i], stacks[0]);
}

/* A stack that is known is not walked again: a wrong memory of it would be believed. */
static void what_is_remembered_is_not_walked(void **state)
{
	static struct known_stack *forged;
	size_t size;

	(void)state;
	for (int i = 0; i < 2; i++) {
		const struct known_frame *frame = __builtin_frame_address(0);
		const struct known_stack *stack = known_stack_at(&memory, frame);

		if (i) {
			assert_ptr_equal(stack, forged);
			break;
		}
		size = sizeof *stack +
		       (stack->depth + (stack->code_words + stack->frame_words) * 2) *
			       sizeof *stack->data;
		forged = malloc(size);
		memcpy(forged, stack, size);
		known_stack_slot(&memory, frame)->stack = forged;
	}
	free(forged);
}

/* The same function at the same stack pointer, called from two places of one caller. */
NOINLINE static void from_two_places(int which)
{
	if (which) {
		leaf();
		__asm__ volatile("# one");
	} else {
		leaf();
		__asm__ volatile("# the other");
	}
}

static void another_caller_at_the_same_stack_pointer_is_another_stack(void **state)
{
	const struct known_stack *stacks[2];

	(void)state;
	for (int i = 0; i < 8; i++) {
		from_two_places(i & 1);
		if (i < 2)
			stacks[i] = last;
		assert_ptr_equal(last, stacks[i & 1]);
	}
	assert_ptr_not_equal(stacks[0], stacks[1]);
}

NOINLINE static void through(void (*function)(void))
{
	function();
	__asm__ volatile("");
}

/* Far up only: the leaf, its caller and the stack pointer are the same. */
NOINLINE static void up_one(void)
{
	through(leaf);
	__asm__ volatile("");
}

NOINLINE static void up_other(void)
{
	through(leaf);
	__asm__ volatile("");
}

static void a_return_address_further_up_counts(void **state)
{
	const struct known_stack *stacks[2];

	(void)state;
	for (int i = 0; i < 8; i++) {
		through(i & 1 ? up_other : up_one);
		if (i < 2)
			stacks[i] = last;
		assert_ptr_equal(last, stacks[i & 1]);
	}
	assert_ptr_not_equal(stacks[0], stacks[1]);
}

/* A frame of a size that is known at run time only is found by its frame pointer. */
NOINLINE static void with_room(size_t size)
{
	volatile char *room = __builtin_alloca(size);

	room[0] = 1;
	through(leaf);
	room[1] = 2;
}

static void frames_of_any_size_are_found(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t size = 16; size < 2000; size += 48)
			with_room(size);
}

/* The frame pointer alone differs: the stack pointer of the leaf and what lies in between do not.
 */
NOINLINE static void with_padding(size_t above, size_t below)
{
	volatile char *first = __builtin_alloca(above), *second;

	first[0] = 1;
	second = __builtin_alloca(below);
	second[0] = 1;
	through(leaf);
	first[1] = second[1] = 2;
}

static void a_saved_frame_pointer_counts(void **state)
{
	(void)state;
	for (int round = 0; round < 4; round++)
		for (size_t above = 16; above < 512; above += 16)
			with_padding(above, 512 - above);
}

static void random_trees_of_calls_are_as_walked(void **state)
{
	(void)state;
	stack_trees_grow(leaf);
}

/* Rules may have changed: what was noted under the old ones is void, and equal stacks stay one. */
static void a_new_generation_is_walked_anew(void **state)
{
	const struct known_stack *stacks[5];
	uintptr_t keys[5];

	(void)state;
	for (int i = 0; i < rounds; i++) {
		leaf();
		stacks[i] = last;
		keys[i] = 0;
		for (int n = 0; n < STACK_MEMORY_SIZE; n++)
			keys[i] |= memory.walks[n].key;
		__atomic_add_fetch(&unwinder_generation, 1, __ATOMIC_RELAXED);
	}
	for (int i = 1; i < rounds; i++) {
		assert_ptr_equal(stacks[i], stacks[0]);
		assert_true(keys[i] != keys[i - 1]);
	}
}

static void *checks_elsewhere(void *stack)
{
	forget_all();
	for (int i = 0; i < 3; i++)
		through(leaf);
	*(const struct known_stack **)stack = last;
	return NULL;
}

static void equal_stacks_of_threads_are_one(void **state)
{
	const struct known_stack *stacks[2];
	pthread_t thread;

	(void)state;
	for (int i = 0; i < 2; i++) {
		pthread_create(&thread, NULL, checks_elsewhere, &stacks[i]);
		pthread_join(thread, NULL);
	}
	assert_ptr_equal(stacks[0], stacks[1]);
}

NOINLINE static void cut_leaf(void)
{
	const struct known_frame *frame = __builtin_frame_address(0);
	struct unwind_start start = { frame->caller - 1, (uintptr_t)(frame + 1), frame->bp };
	uint64_t frames[TRACE_MAX_FRAMES];

	last = known_stack_at(&memory, frame);
	assert_true(unwinder_walk(&start, frames, NULL, TRACE_MAX_FRAMES) > last->depth);
	assert_true(last->depth >= 8);
	assert_memory_equal(last->data, frames, last->depth * sizeof *frames);
}

/* A way down for each number of `left` bits: as many stacks. */
NOINLINE static void one_of_many(unsigned number, unsigned left, void (*down)(void))
{
	if (!left) {
		down();
	} else if (number & 1) {
		one_of_many(number >> 1, left - 1, down);
		rounds = 5;
	} else {
		one_of_many(number >> 1, left - 1, down);
	}
	__asm__ volatile(""); /* no tail call */
}

static void any_leaf(void)
{
	last = KNOWN_STACK_HERE(&memory);
}

/* The last test: nothing whole is kept after it. */
static void without_room_the_innermost_frames_are_kept(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1 << 13; i++) /* outer frames differ, inner ones do not */
		one_of_many(i, 26, any_leaf);
	one_of_many(0x1fff, 26, cut_leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_same_place_has_the_same_stack, set_up),
		cmocka_unit_test_setup(what_is_remembered_is_not_walked, set_up),
		cmocka_unit_test_setup(another_caller_at_the_same_stack_pointer_is_another_stack,
				       set_up),
		cmocka_unit_test_setup(a_return_address_further_up_counts, set_up),
		cmocka_unit_test_setup(frames_of_any_size_are_found, set_up),
		cmocka_unit_test_setup(a_saved_frame_pointer_counts, set_up),
		cmocka_unit_test_setup(random_trees_of_calls_are_as_walked, set_up),
		cmocka_unit_test_setup(a_new_generation_is_walked_anew, set_up),
		cmocka_unit_test_setup(equal_stacks_of_threads_are_one, set_up),
		cmocka_unit_test_setup(without_room_the_innermost_frames_are_kept, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
