/* A call's remembered stack is what a walk finds there, and its site belongs to that stack alone.
 */
#include <string.h>

#include "stack_trees.h"
#include "stacks.h"

#include "runtime/base/thread.h"
#include "runtime/calls/call_memory.h"

static struct call_at last;
static uint64_t stored[TRACE_MAX_FRAMES];

static const struct call_event usual = { .executor = 64, .call = 3, .subject = 1, .severity = 2 };
static struct trace_site *const first = (struct trace_site *)0x1000;
static struct trace_site *const second = (struct trace_site *)0x2000;

NOINLINE static void leaf(void)
{
	const struct known_frame *frame = __builtin_frame_address(0);
	struct unwind_start start = { frame->caller - 1, (uintptr_t)(frame + 1), frame->bp };
	uint64_t walked[TRACE_MAX_FRAMES];
	size_t depth = unwinder_walk(&start, walked, NULL, TRACE_MAX_FRAMES);
	uint32_t found;

	memset(stored, 0, sizeof stored);
	last = call_memory_stack(frame, stored, &found);
	assert_true(depth > 3);
	assert_int_equal(found, depth);
	assert_memory_equal(stored, walked, depth * sizeof *walked);
}

NOINLINE static void through(void (*function)(void))
{
	function();
	__asm__ volatile("");
}

/* Paths of equal depth and frame sizes: only one return address, far up, differs. */
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

static int set_up(void **state)
{
	stacks_init(state);
	call_memory_thread_ends();
	return 0;
}

/* Times a call is made from one place: not to be unrolled. */
static volatile int rounds = 8;

static void a_known_stack_is_not_walked_again(void **state)
{
	struct call_at seen[8];

	(void)state;
	for (int i = 0; i < rounds; i++) {
		through(leaf);
		seen[i] = last;
	}
	for (int i = 1; i < rounds; i++) {
		assert_ptr_equal(seen[i].place, seen[0].place);
		assert_int_equal(seen[i].uses, seen[0].uses);
	}
}

static void two_paths_of_equal_depth_have_each_their_site(void **state)
{
	(void)state;
	for (int i = 0; i < rounds; i++) {
		through(i & 1 ? up_other : up_one);
		if (i < 2) {
			assert_null(call_memory_site(last, &usual));
			call_memory_keep(last, &usual, i ? second : first);
		}
		assert_ptr_equal(call_memory_site(last, &usual), i & 1 ? second : first);
	}
}

static void another_event_at_the_same_place_has_another_site(void **state)
{
	struct call_event others[6] = { usual, usual, usual, usual, usual, usual };

	(void)state;
	others[0].executor++;
	others[1].call++;
	others[2].level++;
	others[3].flags++;
	others[4].subject++;
	others[5].severity++;
	through(leaf);
	call_memory_keep(last, &usual, first);
	for (int i = 0; i < 6; i++)
		assert_null(call_memory_site(last, &others[i]));
	assert_ptr_equal(call_memory_site(last, &usual), first);
}

static void a_forked_child_has_no_sites(void **state)
{
	(void)state;
	through(leaf);
	call_memory_keep(last, &usual, first);
	call_memory_forked();
	assert_null(call_memory_site(last, &usual));
	call_memory_keep(last, &usual, second);
	assert_ptr_equal(call_memory_site(last, &usual), second);
}

/* One without a site names records of the parent's trace, too. */
static void nor_has_it_events(void **state)
{
	(void)state;
	through(leaf);
	assert_false(call_memory_has_event(last.place));
	call_memory_keep(last, &usual, NULL);
	assert_true(call_memory_has_event(last.place) && !call_memory_has_site(last.place));
	call_memory_forked();
	assert_false(call_memory_has_event(last.place));
	call_memory_keep(last, &usual, first);
	assert_true(call_memory_has_event(last.place) && call_memory_has_site(last.place));
}

static void changed_rules_make_all_stacks_unknown(void **state)
{
	(void)state;
	for (int i = 0; i < rounds; i++) {
		through(leaf);
		if (i)
			assert_null(call_memory_site(last, &usual));
		call_memory_keep(last, &usual, first);
		__atomic_add_fetch(&unwinder_generation, 1, __ATOMIC_RELAXED);
	}
}

NOINLINE static void with_room(size_t size)
{
	volatile char *room = __builtin_alloca(size);

	room[0] = 1;
	through(leaf);
	room[1] = 2;
}

/* A call that lasts while others come and go: its place holds another stack when it ends. */
static void a_replaced_stack_takes_its_site_with_it(void **state)
{
	struct call_at early;
	unsigned replaced = 0;

	(void)state;
	through(leaf);
	early = last;
	call_memory_keep(early, &usual, first);
	for (size_t size = 16; size < 16384; size += 16) {
		with_room(size);
		assert_null(call_memory_site(last, &usual));
		call_memory_keep(last, &usual, second);
		replaced += early.place == last.place;
	}
	assert_true(replaced > 0);
	assert_null(call_memory_site(early, &usual));
	call_memory_keep(early, &usual, first);
	through(leaf);
	assert_ptr_not_equal(call_memory_site(last, &usual), first);
}

static void random_trees_of_calls_are_as_walked(void **state)
{
	(void)state;
	stack_trees_grow(leaf);
}

NOINLINE static void deep(unsigned depth)
{
	if (depth)
		deep(depth - 1);
	else
		leaf();
	__asm__ volatile("");
}

static void stacks_of_any_depth_are_as_walked(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		for (unsigned depth = 0; depth < 2 * TRACE_MAX_FRAMES; depth += 5)
			deep(depth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_known_stack_is_not_walked_again, set_up),
		cmocka_unit_test_setup(two_paths_of_equal_depth_have_each_their_site, set_up),
		cmocka_unit_test_setup(another_event_at_the_same_place_has_another_site, set_up),
		cmocka_unit_test_setup(a_forked_child_has_no_sites, set_up),
		cmocka_unit_test_setup(nor_has_it_events, set_up),
		cmocka_unit_test_setup(changed_rules_make_all_stacks_unknown, set_up),
		cmocka_unit_test_setup(a_replaced_stack_takes_its_site_with_it, set_up),
		cmocka_unit_test_setup(random_trees_of_calls_are_as_walked, set_up),
		cmocka_unit_test_setup(stacks_of_any_depth_are_as_walked, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
