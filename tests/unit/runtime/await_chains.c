/* The chain of awaits of a suspended task, through each kind of step there is. */
#include "../layouts.h"

#include "shared/layout_chain.h"

static struct made_layout made;
static struct layout layout;
static struct layout_link links[LAYOUT_MAX_LINKS];
static struct layout_task task;
static uint64_t unreadable_from, unreadable_to;

/* Where a vtable would lie. */
#define BASE   0x10000
#define VTABLE 0x2000

static bool reads(const struct layout_memory *memory, uint64_t address, void *to, size_t size)
{
	(void)memory;
	if (!address || (address + size > unreadable_from && address < unreadable_to))
		return false;
	memcpy(to, (const void *)(uintptr_t)address, size);
	return true;
}

static const struct layout_memory memory = { reads, BASE };

/* Machine 0 is awaited by each of the others. */
static int fresh(void **state)
{
	(void)state;
	memset(&task, 0, sizeof task);
	unreadable_from = unreadable_to = 0;
	layout_begin(&made);
	layout_put_machine(&made);
	task.machine = 1;
	return 0;
}

static size_t chain_of(const void *future)
{
	layout_finish(&made);
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
	return layout_chain(&layout, &memory, &task, (uintptr_t)future, links, NULL,
			    LAYOUT_MAX_LINKS);
}

static void assert_chain(const void *future, size_t count)
{
	assert_int_equal(chain_of(future), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(made.states[links[i].state].value, SUSPENDED);
	if (count == 2) {
		assert_int_equal(links[0].machine, 1);
		assert_int_equal(links[1].machine, 0);
	}
}

static void a_future_within_is_followed(void **state)
{
	struct made_future futures[2] = { { .state = SUSPENDED }, { .state = SUSPENDED } };

	(void)state;
	layout_put_machine(&made);
	layout_put_future(&made, 0, sizeof *futures, VALUE_AWAITED)->size = sizeof *futures;
	made.machines[1].size = 2 * sizeof *futures;
	assert_chain(futures, 2);
	/* A future that is alive and not awaited is no link. */
	made.values[0].flags = VALUE_HOLDS;
	assert_chain(futures, 1);
}

static void a_box_is_followed(void **state)
{
	struct made_future inner = { .state = SUSPENDED },
			   outer = { .state = SUSPENDED, .guard = &inner };
	struct layout_value *value;

	(void)state;
	layout_put_machine(&made);
	value = layout_put_future(&made, 0, 0, VALUE_AWAITED | VALUE_BOXED);
	value->box = offsetof(struct made_future, guard);
	assert_chain(&outer, 2);
	outer.guard = NULL;
	assert_chain(&outer, 1);
}

static void a_vtable_tells_what_a_dyn_is(void **state)
{
	struct made_future inner = { .state = SUSPENDED }, outer = { .state = SUSPENDED,
								     .guard = &inner,
								     .more = { BASE + VTABLE } };

	(void)state;
	layout_put_machine(&made);
	layout_put_future(&made, LAYOUT_NONE, offsetof(struct made_future, guard),
			  VALUE_AWAITED | VALUE_DYN)
		->size = 2 * sizeof(void *);
	for (uint32_t i = 0; i < 5; i++) /* among others */
		made.vtables[layout_take(&made, LAYOUT_VTABLES)] =
			(struct layout_vtable){ .address = VTABLE + 0x20 * (i - 2),
						.machine = i == 2 ? 0 : 1 };
	assert_chain(&outer, 2);
	outer.more[0] += 8;
	assert_chain(&outer, 1);
	/* A task that is one itself. */
	task.flags = TASK_DYN;
	task.machine = LAYOUT_NONE;
	task.future = offsetof(struct made_future, guard);
	outer.more[0] -= 8;
	assert_int_equal(chain_of(&outer), 1);
	assert_int_equal(links[0].machine, 0);
}

static void a_variant_that_is_not_there_is_not_followed(void **state)
{
	struct made_future futures[2] = { { .state = SUSPENDED, .variant = 1 },
					  { .state = SUSPENDED } };
	struct layout_value *value;

	(void)state;
	layout_put_machine(&made);
	value = layout_put_future(&made, 0, sizeof *futures, VALUE_AWAITED);
	made.machines[1].size = 2 * sizeof *futures;
	layout_put_condition(&made, value, offsetof(struct made_future, variant), 1, 0);
	assert_chain(futures, 2);
	futures[0].variant = 2;
	assert_chain(futures, 1);
}

/* What select! and join! poll lies in variables beside what they await. */
static void futures_that_a_closure_polls_are_counted(void **state)
{
	struct made_future futures[4] = { { .state = SUSPENDED },
					  { .state = 1 },
					  { .state = SUSPENDED },
					  { .state = SUSPENDED } };

	(void)state;
	strcpy(made.texts + 1, "core::future::poll_fn::PollFn<closure>");
	layout_put_machine(&made);
	for (size_t i = 1; i < 4; i++)
		layout_put_future(&made, 0, i * sizeof *futures, 0);
	layout_put_value(&made, HELD_OTHER, 8, 8)->flags = VALUE_AWAITED;
	made.values[made.header.parts[LAYOUT_VALUES].count - 1].type = 1;
	made.machines[1].size = sizeof futures;
	assert_chain(futures, 2);
	assert_int_equal(links[0].others, 1);
	/* Awaited otherwise they are only variables. */
	strcpy(made.texts + 1, "tokio::time::sleep::Sleep");
	assert_chain(futures, 1);
	assert_ptr_equal(layout_leaf(&layout, &layout.states[links[0].state]),
			 &made.values[made.header.parts[LAYOUT_VALUES].count - 1]);
}

static void what_has_not_begun_or_is_done_ends_the_chain(void **state)
{
	struct made_future futures[2] = { { .state = SUSPENDED }, { .state = 0 } };

	(void)state;
	layout_put_machine(&made);
	layout_put_future(&made, 0, sizeof *futures, VALUE_AWAITED);
	made.machines[1].size = 2 * sizeof *futures;
	assert_chain(futures, 1);
	futures[0].state = 0;
	assert_int_equal(chain_of(futures), 1);
	assert_int_equal(made.states[links[0].state].value, 0);
	futures[0].state = SUSPENDED + 1;
	assert_int_equal(chain_of(futures), 0);
}

static void what_cannot_be_read_ends_the_chain(void **state)
{
	struct made_future inner = { .state = SUSPENDED },
			   outer = { .state = SUSPENDED, .guard = &inner };

	(void)state;
	layout_put_machine(&made);
	layout_put_future(&made, 0, 0, VALUE_AWAITED | VALUE_BOXED)->box =
		offsetof(struct made_future, guard);
	unreadable_from = (uintptr_t)&inner;
	unreadable_to = (uintptr_t)(&inner + 1);
	assert_chain(&outer, 1);
	unreadable_from = (uintptr_t)&outer.guard;
	unreadable_to = (uintptr_t)(&outer.guard + 1);
	assert_chain(&outer, 1);
	unreadable_from = (uintptr_t)&outer;
	assert_int_equal(chain_of(&outer), 0);
	task.flags = TASK_BOXED;
	assert_int_equal(chain_of(&outer), 0);
}

/* A recursive async function, or memory that is no such future any more. */
static void a_chain_without_an_end_is_cut_short(void **state)
{
	struct made_future itself = { .state = SUSPENDED, .guard = &itself };

	(void)state;
	layout_put_machine(&made);
	layout_put_future(&made, 1, 0, VALUE_AWAITED | VALUE_BOXED)->box =
		offsetof(struct made_future, guard);
	assert_int_equal(chain_of(&itself), LAYOUT_MAX_LINKS);
	assert_int_equal(layout_chain(&layout, &memory, &task, (uintptr_t)&itself, links, NULL, 3),
			 3);
	assert_int_equal(layout_chain(&layout, &memory, &task, (uintptr_t)&itself, links, NULL, 0),
			 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, fresh)
	const struct CMUnitTest tests[] = {
		TEST(a_future_within_is_followed),
		TEST(a_box_is_followed),
		TEST(a_vtable_tells_what_a_dyn_is),
		TEST(a_variant_that_is_not_there_is_not_followed),
		TEST(futures_that_a_closure_polls_are_counted),
		TEST(what_has_not_begun_or_is_done_ends_the_chain),
		TEST(what_cannot_be_read_ends_the_chain),
		TEST(a_chain_without_an_end_is_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
