/* Layouts as the user's cache has them: whole, damaged, foreign, or not there. */
#include "../layouts.h"

#include <sys/stat.h>

#include "runtime/tasks/task_layout.h"
#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_slots.h"
#include "runtime/tasks/layout_map.h"
#include "runtime/modules/modules.h"
#include "runtime/base/runtime.h"
#include "shared/layout_path.h"

static char cache[] = "/tmp/yieldsan-test-XXXXXX";
static struct made_layout made;
static struct mapped_layout mapped;
static const struct module *program;

static const char *path_of_layout(void)
{
	static char path[OPTION_PATH_SIZE];

	assert_true(
		layout_path(path, sizeof path, cache, program->build_id, program->build_id_size));
	return path;
}

static void write_bytes(const void *bytes, size_t size)
{
	FILE *file = fopen(path_of_layout(), "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void make(void)
{
	layout_begin(&made);
	memcpy(made.header.build_id, program->build_id, program->build_id_size);
	made.header.build_id_size = program->build_id_size;
	layout_put_word(&made);
	layout_put_machine(&made);
	layout_put_condition(&made, layout_put_guard(&made), 0, 1, 0);
	made.tasks[layout_take(&made, LAYOUT_TASKS)] =
		(struct layout_task){ .poll = 0x1000, .trailer = 0x80, .future = 32 };
	made.roots[layout_take(&made, LAYOUT_ROOTS)] = (struct layout_root){
		.start = 0x3000, .end = 0x3100, .pointers = 1, .task.flags = TASK_HOLDS
	};
	made.roots[layout_take(&made, LAYOUT_ROOTS)] =
		(struct layout_root){ .start = 0x3100, .end = 0x3180 };
	made.vtables[layout_take(&made, LAYOUT_VTABLES)].address = 0x2000;
	layout_finish(&made);
}

static int set_up(void **state)
{
	(void)state;
	program = modules_at(0);
	assert_true(program->build_id_size > 0);
	assert_non_null(mkdtemp(cache));
	snprintf(runtime_options.layouts, sizeof runtime_options.layouts, "%s", cache);
	layout_map_init();
	return 0;
}

static int empty(void **state)
{
	(void)state;
	layout_unmap(&mapped);
	remove(path_of_layout());
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	return rmdir(cache);
}

static void a_layout_is_mapped_by_its_build_id(void **state)
{
	(void)state;
	make();
	write_bytes(&made, sizeof made);
	assert_true(layout_map(&mapped, program));
	assert_int_equal(layout_count(&mapped.table, LAYOUT_MACHINES), 1);
	assert_memory_equal(mapped.table.machines, made.machines, sizeof *made.machines);
	assert_int_equal(mapped.doubts[0], 0);
	/* Of one that is replaced while it is mapped the former is read on. */
	remove(path_of_layout());
	write_bytes("", 0);
	assert_int_equal(mapped.table.values[0].word, 0);
	layout_unmap(&mapped);
	assert_null(mapped.table.header);
	assert_null(mapped.doubts);
}

static void what_is_no_file_of_ones_own_is_not_mapped(void **state)
{
	char other[sizeof cache + 8];

	(void)state;
	make();
	assert_false(layout_map(&mapped, program));
	assert_int_equal(mkdir(path_of_layout(), 0700), 0);
	assert_false(layout_map(&mapped, program));
	remove(path_of_layout());
	assert_int_equal(mkfifo(path_of_layout(), 0600),
			 0); /* it has no writer: opening it does not wait */
	assert_false(layout_map(&mapped, program));
	remove(path_of_layout());
	snprintf(other, sizeof other, "%s/other", cache);
	write_bytes(&made, sizeof made);
	assert_int_equal(rename(path_of_layout(), other), 0);
	assert_int_equal(symlink(other, path_of_layout()), 0);
	assert_false(layout_map(&mapped, program));
	remove(other);
}

static void another_files_layout_is_not_taken(void **state)
{
	struct module nameless = *program;

	(void)state;
	make();
	made.header.build_id[0] ^= 1;
	layout_finish(&made);
	write_bytes(&made, sizeof made);
	assert_false(layout_map(&mapped, program));
	nameless.build_id_size = 0;
	assert_false(layout_map(&mapped, &nameless));
	make();
	made.header.version--;
	layout_finish(&made);
	write_bytes(&made, sizeof made);
	assert_false(layout_map(&mapped, program));
}

static void one_that_is_cut_anywhere_is_not_taken(void **state)
{
	(void)state;
	make();
	for (size_t size = 0; size < sizeof made; size += 97) {
		write_bytes(&made, size);
		assert_false(layout_map(&mapped, program));
	}
}

/* Its header is as much of it as what follows: a flag there says which values are in doubt. */
static void one_with_any_bit_flipped_is_not_taken(void **state)
{
	struct layout layout;

	(void)state;
	make();
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
	for (size_t at = 0; at < sizeof made; at += at < sizeof made.header ? 1 : 13)
		for (int bit = 0; bit < 8; bit++) {
			((unsigned char *)&made)[at] ^= (unsigned char)(1 << bit);
			assert_int_not_equal(layout_read(&layout, &made, sizeof made), 0);
			((unsigned char *)&made)[at] ^= (unsigned char)(1 << bit);
		}
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
}

/* A place that is out of its part, in a table whose sum is right. */
static void assert_no_table(uint32_t *place, uint32_t wrong)
{
	struct layout layout;
	uint32_t kept = *place;

	*place = wrong;
	layout_finish(&made);
	assert_int_not_equal(layout_read(&layout, &made, sizeof made), 0);
	assert_null(layout.header);
	*place = kept;
}

static void places_out_of_their_part_make_no_table(void **state)
{
	uint32_t *const places[] = {
		&made.machines[0].first_state,
		&made.machines[0].state_count,
		&made.machines[0].type,
		&made.machines[0].function,
		&made.machines[0].file,
		&made.machines[0].discriminant,
		&made.states[3].first_value,
		&made.states[3].value_count,
		&made.states[3].held_count,
		&made.states[3].flag_count,
		&made.states[3].name,
		&made.values[0].name,
		&made.values[0].type,
		&made.values[0].offset,
		&made.values[0].size,
		&made.values[0].first_condition,
		&made.values[0].condition_count,
		&made.conditions[0].offset,
		&made.words[0].pointer,
		&made.roots[0].task.type,
		&made.roots[1].task.condition_count,
		&made.tasks[0].type,
		&made.tasks[0].first_condition,
		&made.tasks[0].condition_count,
	};
	uint32_t *const numbers[] = {
		&made.states[3].awaits, &made.values[0].machine,   &made.values[0].word,
		&made.tasks[0].machine, &made.vtables[0].machine,  &made.values[0].box,
		&made.tasks[0].runs,	&made.values[0].drop_flag, &made.roots[1].task.machine,
	};
	struct layout layout;

	(void)state;
	make();
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		assert_no_table(places[i], 1 << 20);
		assert_no_table(places[i], UINT32_MAX);
	}
	/* Of these the largest number says that there is none. */
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		assert_no_table(numbers[i], UINT32_MAX - 1);
	layout_finish(&made);
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
}

static uint64_t number_of(const uint64_t *vtable)
{
	return vtable[0];
}

/* By a vtable that has this number, in a module at `base`. */
static const struct layout_task *find(const struct layout *layout, uintptr_t base, uintptr_t poll,
				      uint64_t number)
{
	static const struct task_family family = { .layout_number = number_of };
	struct module module = { .base = base };
	struct task_module of = { .module = &module };
	const struct task_slot slot = {
		.module = &of,
		.family = &family,
		.vtable = (uintptr_t)&number,
		.by_shape = true,
	};

	return layout_task(layout, &slot, poll);
}

static void a_task_is_found_by_its_poll_and_its_trailer(void **state)
{
	const struct task_slot by_symbol = { .by_shape = false };
	struct layout layout;

	(void)state;
	make();
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
	assert_ptr_equal(find(&layout, 0x7000000, 0x7001000, 0x80), &made.tasks[0]);
	assert_null(find(&layout, 0x7000000, 0x7001000, 0x88));
	assert_null(find(&layout, 0x7000000, 0x7001000, 0));
	assert_null(find(&layout, 0x7000000, 0x1000, 0x80));
	assert_null(find(&layout, 0x7000000, 0x7000000, 0x80));
	assert_null(find(&(struct layout){ 0 }, 0x7000000, 0x7001000, 0x80));
	assert_null(layout_task(&layout, &by_symbol, 0x7001000));
}

/* A linker that merges equal functions leaves one address for the polls of several futures. */
static void of_two_futures_with_one_poll_none_is_believed(void **state)
{
	struct layout layout;

	(void)state;
	make();
	layout_put_machine(&made);
	made.tasks[layout_take(&made, LAYOUT_TASKS)] = made.tasks[0];
	layout_finish(&made);
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
	assert_non_null(find(&layout, 0, 0x1000, 0x80));
	made.tasks[1].machine = 1;
	layout_finish(&made);
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
	assert_null(find(&layout, 0, 0x1000, 0x80));
}

static void assert_no_roots(void)
{
	struct layout layout;

	layout_finish(&made);
	assert_int_not_equal(layout_read(&layout, &made, sizeof made), 0);
	make();
}

static void a_root_is_found_by_its_code(void **state)
{
	struct layout layout;

	(void)state;
	make();
	assert_int_equal(layout_read(&layout, &made, sizeof made), 0);
	assert_null(layout_root_at(&layout, 0x2fff));
	assert_ptr_equal(layout_root_at(&layout, 0x3000), &made.roots[0]);
	assert_ptr_equal(layout_root_at(&layout, 0x30ff), &made.roots[0]);
	assert_ptr_equal(layout_root_at(&layout, 0x3100), &made.roots[1]);
	assert_null(layout_root_at(&layout, 0x3180));
	made.roots[1].start--; /* in two of them */
	assert_no_roots();
	made.roots[1].end = 0x3100;
	assert_no_roots();
	made.roots[0].pointers = LAYOUT_ROOT_POINTERS + 1;
	assert_no_roots();
	made.roots[0].task.machine = LAYOUT_NONE; /* and yet it is to be looked into */
	assert_no_roots();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_layout_is_mapped_by_its_build_id, empty),
		cmocka_unit_test_teardown(what_is_no_file_of_ones_own_is_not_mapped, empty),
		cmocka_unit_test_teardown(another_files_layout_is_not_taken, empty),
		cmocka_unit_test_teardown(one_that_is_cut_anywhere_is_not_taken, empty),
		cmocka_unit_test(one_with_any_bit_flipped_is_not_taken),
		cmocka_unit_test(places_out_of_their_part_make_no_table),
		cmocka_unit_test(a_task_is_found_by_its_poll_and_its_trailer),
		cmocka_unit_test(of_two_futures_with_one_poll_none_is_believed),
		cmocka_unit_test(a_root_is_found_by_its_code),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
