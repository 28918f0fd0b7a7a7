/* The timers and descriptors that a suspended task waits for, by a layout that is made here. */
#include "../layouts.h"

#include "inspect/task_sources.h"

static struct made_layout made;
static struct layout layout;
static struct task_source found[8];

static bool reads(const struct layout_memory *memory, uint64_t address, void *to, size_t size)
{
	(void)memory;
	if (address < 4096 || address >= UINT64_MAX - 4096)
		return false;
	memcpy(to, (const void *)(uintptr_t)address, size);
	return true;
}

static const struct layout_memory memory = { reads, 0 };

static struct layout_event_source *put_source(enum layout_source_kind kind, uint32_t pointers)
{
	uint32_t number = layout_take(&made, LAYOUT_SOURCES);
	struct layout_event_source *source = &made.sources[number];
	struct layout_state *state = layout_suspended(&made);

	if (!state->source_count++)
		state->first_source = number;
	source->kind = kind;
	source->machine = LAYOUT_NONE;
	source->pointers = pointers;
	source->first_condition = made.header.parts[LAYOUT_CONDITIONS].count;
	source->nanoseconds = sizeof(uint64_t);
	return source;
}

static int fresh(void **state)
{
	(void)state;
	layout_begin(&made);
	layout_put_machine(&made);
	return 0;
}

static size_t sources_of(const struct made_future *future)
{
	layout_finish(&made);
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
	return task_sources_find(&layout, &memory, 0, (uintptr_t)future, found, 8);
}

static void a_descriptor_is_found_by_pointers(void **state)
{
	struct made_future future = { .state = SUSPENDED };
	uint64_t inner[2] = { 0 }, outer[2];
	struct layout_event_source *source = put_source(SOURCE_DESCRIPTOR, 2);

	(void)state;
	inner[1] = 7;
	outer[1] = (uintptr_t)inner;
	future.guard = outer;
	source->places[0] = offsetof(struct made_future, guard);
	source->places[1] = source->places[2] = sizeof(uint64_t);
	assert_int_equal(sources_of(&future), 1);
	assert_int_equal(found[0].fd, 7);
	assert_false(found[0].is_timer);
	outer[1] = 0;
	assert_int_equal(sources_of(&future), 0);
	inner[1] = UINT32_MAX; /* closed */
	outer[1] = (uintptr_t)inner;
	assert_int_equal(sources_of(&future), 0);
}

static void a_variant_that_is_not_there_is_not_read(void **state)
{
	struct made_future future = { .state = SUSPENDED };
	uint64_t target[2] = { 9, 1 };
	struct layout_event_source *source = put_source(SOURCE_DESCRIPTOR, 1);

	(void)state;
	future.guard = target;
	source->places[0] = offsetof(struct made_future, guard);
	/* A place after one pointer. */
	made.conditions[layout_take(&made, LAYOUT_CONDITIONS)] = (struct layout_condition){
		.value = 1, .offset = sizeof(uint64_t), .size = 8, .level = 1
	};
	source->condition_count = 1;
	assert_int_equal(sources_of(&future), 1);
	target[1] = 2;
	assert_int_equal(sources_of(&future), 0);
}

static void a_timer_has_its_deadline(void **state)
{
	struct made_future future = { .state = SUSPENDED };

	(void)state;
	future.more[0] = 5;
	future.more[1] = 6;
	put_source(SOURCE_TIMER, 0)->places[0] = offsetof(struct made_future, more);
	assert_int_equal(sources_of(&future), 1);
	assert_true(found[0].is_timer);
	assert_int_equal(found[0].deadline_ns, UINT64_C(5000000006));
	future.more[1] = 1000000000; /* Instant's niche: there is none */
	assert_int_equal(sources_of(&future), 0);
}

static void a_future_that_does_not_wait_has_none(void **state)
{
	struct made_future future = { .state = 1 };

	(void)state;
	put_source(SOURCE_TIMER, 0)->places[0] = offsetof(struct made_future, more);
	assert_int_equal(sources_of(&future), 0);
}

static void a_circle_ends(void **state)
{
	struct made_future future = { .state = SUSPENDED };
	struct layout_event_source *source;

	(void)state;
	future.guard = &future;
	for (int i = 0; i < 2; i++) {
		source = put_source(SOURCE_FUTURE, 1);
		source->machine = 0;
		source->places[0] = offsetof(struct made_future, guard);
	}
	put_source(SOURCE_TIMER, 0)->places[0] = offsetof(struct made_future, more);
	/* The same one each time. */
	assert_int_equal(sources_of(&future), 1);
}

static void what_is_no_source_is_refused(void **state)
{
	(void)state;
	put_source(SOURCE_KINDS, 0);
	layout_finish(&made);
	assert_int_not_equal(layout_read(&layout, &made, sizeof made), 0);
	fresh(NULL);
	put_source(SOURCE_TIMER, LAYOUT_SOURCE_POINTERS + 1);
	layout_finish(&made);
	assert_int_not_equal(layout_read(&layout, &made, sizeof made), 0);
	fresh(NULL);
	put_source(SOURCE_FUTURE, 0); /* of no machine */
	layout_finish(&made);
	assert_int_not_equal(layout_read(&layout, &made, sizeof made), 0);
	fresh(NULL);
	put_source(SOURCE_TIMER, 0);
	layout_suspended(&made)->source_count = 2;
	layout_finish(&made);
	assert_int_not_equal(layout_read(&layout, &made, sizeof made), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_descriptor_is_found_by_pointers, fresh),
		cmocka_unit_test_setup(a_variant_that_is_not_there_is_not_read, fresh),
		cmocka_unit_test_setup(a_timer_has_its_deadline, fresh),
		cmocka_unit_test_setup(a_future_that_does_not_wait_has_none, fresh),
		cmocka_unit_test_setup(a_circle_ends, fresh),
		cmocka_unit_test_setup(what_is_no_source_is_refused, fresh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
