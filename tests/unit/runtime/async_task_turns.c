/*
 * An async-task in small: vtables as the compiler lays them out, found by the runtime as it started
 * in this program.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <unwind.h>

#include <cmocka.h>

#include "runtime/tasks/task_library.h"
#include "runtime/tasks/async_task.h"
#include "runtime/tasks/async_task_scan.h"
#include "runtime/turns/executor.h"
#include "runtime/tasks/task_module.h"
#include "runtime/modules/modules.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"

#define SCHEDULED 1
#define CLOSED	  8
#define REFERENCE 256

/* The mark of a module that a Rust compiler may have made. */
void *may_be_rust(struct _Unwind_Context *context);
void *may_be_rust(struct _Unwind_Context *context)
{
	return _Unwind_GetLanguageSpecificData(context);
}

struct header_layout {
	uint64_t alignment, size;
	uint64_t schedule, future, output;
};

struct vtable {
	uintptr_t functions[5];
	bool (*run)(void *header);
	uintptr_t clone_waker;
	const struct header_layout *layout;
};

struct header {
	uint64_t state;
	void *awaiter[2];
	const struct vtable *vtable;
	bool (*future)(void);
	uint64_t reserved[8];
};

static bool run(void *header)
{
	return ((struct header *)header)->future();
}

static void other(void *header)
{
	(void)header;
}

static const struct header_layout layout = { 8, 0x48, 0x28, 0x30, 0x30 };

#define VTABLE(run_function, layout_of)                                                            \
	{                                                                                          \
		{ (uintptr_t)other, (uintptr_t)other, (uintptr_t)other, (uintptr_t)other,          \
		  (uintptr_t)other },                                                              \
			run_function, (uintptr_t)other, layout_of                                  \
	}

static const struct vtable task_table = VTABLE(run, &layout);

static enum turn_kind kind_seen;
static enum turn_outcome outcome_seen;
static char name_seen[48];
static bool answer;

static bool look(void)
{
	const struct turn *turn = this_thread.turn;

	assert_non_null(turn);
	kind_seen = turn->kind;
	outcome_seen = turn->outcome;
	strcpy(name_seen, turn->executor->name);
	assert_int_equal(turn->executor->family, FAMILY_ASYNC_TASK);
	return answer;
}

/* As it is in memory, whatever the compiler knows of it. */
static const struct vtable *in_memory(const struct vtable *vtable)
{
	__asm__("" : "+r"(vtable));
	return vtable;
}

static bool call(uint64_t state, bool (*future)(void))
{
	struct header header = {
		.state = state | SCHEDULED | REFERENCE,
		.vtable = in_memory(&task_table),
		.future = future,
	};
	bool again = header.vtable->run(&header);

	assert_null(this_thread.turn);
	return again;
}

static void a_vtable_is_found_by_its_shape(void **state)
{
	const struct task_module *module = task_module_of((uintptr_t)run);

	(void)state;
	assert_non_null(module);
	assert_true(task_module_has(module, &async_task_library));
	assert_false(task_module_has(module, &tokio_library));
	assert_ptr_not_equal(in_memory(&task_table)->run, run);
}

static void a_run_is_a_turn_and_its_result_comes_through(void **state)
{
	(void)state;
	answer = false;
	assert_false(call(0, look));
	assert_int_equal(kind_seen, TURN_TASK);
	assert_string_equal(name_seen, "async-task");
	answer = true;
	assert_true(call(0, look));
}

static void a_closed_task_is_cancelled(void **state)
{
	(void)state;
	call(0, look);
	assert_int_equal(outcome_seen, OUTCOME_UNKNOWN);
	call(CLOSED, look);
	assert_int_equal(outcome_seen, OUTCOME_CANCELLED);
}

static bool look_within(void)
{
	struct header header = {
		.state = SCHEDULED | REFERENCE,
		.vtable = in_memory(&task_table),
		.future = look,
	};

	return header.vtable->run(&header);
}

static void what_threads_of_the_blocking_crate_run_may_block(void **state)
{
	(void)state;
	prctl(PR_SET_NAME, "blocking-7");
	call(0, look);
	assert_int_equal(kind_seen, TURN_OFFLOAD);
	call(0, look_within);
	assert_int_equal(kind_seen, TURN_TASK);
	prctl(PR_SET_NAME, "blockings");
	call(0, look);
	assert_int_equal(kind_seen, TURN_TASK);
}

static jmp_buf caught;
static uintptr_t catcher;

static _Unwind_Reason_Code stop(int version, _Unwind_Action actions, _Unwind_Exception_Class class,
				struct _Unwind_Exception *exception,
				struct _Unwind_Context *context, void *unused)
{
	(void)version, (void)actions, (void)class, (void)exception, (void)unused;
	if (_Unwind_GetCFA(context) > catcher)
		longjmp(caught, 1);
	return _URC_NO_REASON;
}

static bool unwind(void)
{
	static struct _Unwind_Exception exception;

	assert_non_null(this_thread.turn);
	_Unwind_ForcedUnwind(&exception, stop, NULL);
	fail();
	return false;
}

static void a_run_that_is_left_by_unwinding_is_over(void **state)
{
	(void)state;
	catcher = (uintptr_t)__builtin_frame_address(0);
	if (!setjmp(caught))
		call(0, unwind);
	assert_null(this_thread.turn);
	call(0, look);
}

/* Shapes. */

struct hits {
	unsigned count;
	bool by_shape;
};

static void count(const struct task_vtable *vtable, void *data)
{
	struct hits *hits = data;

	hits->count++;
	hits->by_shape = vtable->by_shape;
}

static struct hits scan(const struct vtable *vtable, const struct task_addresses *runs)
{
	const struct module *program = modules_at(0);
	const struct task_region region = {
		.start = (uintptr_t)vtable,
		.end = (uintptr_t)(vtable + 1),
		.text_start = program->text_start,
		.text_end = program->text_end,
		.module = program,
	};
	struct hits hits = { 0 };

	async_task_scan(&region, runs, count, &hits);
	return hits;
}

static void the_layout_may_have_either_order(void **state)
{
	static const struct header_layout swapped = { 0x48, 8, 0x28, 0x30, 0x30 };
	const struct vtable vtable = VTABLE(run, &swapped);

	(void)state;
	assert_int_equal(scan(&vtable, NULL).count, 1);
	assert_true(scan(&vtable, NULL).by_shape);
}

static void what_has_no_layout_is_none(void **state)
{
	static const struct header_layout layouts[] = {
		{ 8, 0x48, 0x28, 0x30, 0x38 },	    { 8, 0x48, 0x18, 0x30, 0x30 },
		{ 8, 0x44, 0x28, 0x30, 0x30 },	    { 24, 0x48, 0x28, 0x30, 0x30 },
		{ 8, 0x48, 0x28, 0x50, 0x50 },	    { 8, 0x48, 0x28, 0x20, 0x20 },
		{ 8, 1UL << 40, 0x28, 0x30, 0x30 },
	};
	const struct vtable none = VTABLE(run, NULL), text = VTABLE(run, (const void *)run);

	(void)state;
	for (unsigned i = 0; i < sizeof layouts / sizeof *layouts; i++) {
		const struct vtable vtable = VTABLE(run, &layouts[i]);

		assert_int_equal(scan(&vtable, NULL).count, 0);
	}
	assert_int_equal(scan(&none, NULL).count, 0);
	assert_int_equal(scan(&text, NULL).count, 0);
}

static void without_a_layout_the_symbol_of_run_tells(void **state)
{
	struct task_addresses *runs = task_addresses_clear(ADDRESSES_ASYNC_TASK);
	const struct vtable vtable = VTABLE(run, NULL);

	(void)state;
	task_addresses_add(runs, (uintptr_t)run);
	assert_int_equal(scan(&vtable, runs).count, 1);
	assert_false(scan(&vtable, runs).by_shape);
	task_addresses_clear(ADDRESSES_ASYNC_TASK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_vtable_is_found_by_its_shape),
		cmocka_unit_test(a_run_is_a_turn_and_its_result_comes_through),
		cmocka_unit_test(a_closed_task_is_cancelled),
		cmocka_unit_test(what_threads_of_the_blocking_crate_run_may_block),
		cmocka_unit_test(a_run_that_is_left_by_unwinding_is_over),
		cmocka_unit_test(the_layout_may_have_either_order),
		cmocka_unit_test(what_has_no_layout_is_none),
		cmocka_unit_test(without_a_layout_the_symbol_of_run_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
