/*
 * What a layout says of async functions: their states, awaits and guards, by debug information and
 * machine code that a compiler might have made.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "async_layouts/held_types.h"
#include "contract/layout.h"
#include "dwarf.h"

/* Where the parts of each machine here lie. */
#define GUARD	     0
#define BOXED_GUARD  8
#define STATE	     16
#define FLAG	     17
#define AWAITEE	     48
#define MACHINE_SIZE 80

DWARF("dwarf_unit \"app.rs\"");
DWARF("dwarf_base u8, \"u8\", 1");
DWARF("dwarf_base bool, \"bool\", 1");

/* A lock with its word, and a guard that points to it. */
DWARF("dwarf_namespace core");
DWARF("dwarf_namespace sync");
DWARF("dwarf_namespace atomic");
DWARF("dwarf_struct word, \"Atomic<u32>\", 4");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_namespace std");
DWARF("dwarf_namespace sync");
DWARF("dwarf_struct mutex, \"Mutex<u32>\", 16");
DWARF("dwarf_member data, u8, 0");
DWARF("dwarf_member inner, word, 8");
DWARF("dwarf_end");
DWARF("dwarf_pointer mutex_pointer, \"&std::sync::Mutex<u32>\", mutex");
DWARF("dwarf_struct guard, \"MutexGuard<u32>\", 8");
DWARF("dwarf_member lock, mutex_pointer, 0");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_pointer guard_box, \"alloc::boxed::Box<std::sync::MutexGuard<u32>>\", guard");
DWARF("dwarf_function \"drop_in_place<std::sync::MutexGuard<u32>>\", drop_guard, drop_guard_end");
DWARF("dwarf_argument T, guard");
DWARF("dwarf_end");

/* A state machine with one await, at state 3; `members` are alive there. */
DWARF(".macro machine name, members");
DWARF("	dwarf_namespace \\name");
DWARF("	dwarf_struct \\name, \"{async_fn_env#0}\", 80");
DWARF("	dwarf_variants \\name\\()_state, u8, 16");
DWARF("	dwarf_variant 0, \"0\", \\name\\()_begin, 0");
DWARF("	dwarf_variant 3, \"3\", \\name\\()_await, 0, 12");
DWARF("	dwarf_end");
DWARF("	dwarf_struct \\name\\()_begin, \"Unresumed\", 80");
DWARF("	dwarf_end");
DWARF("	dwarf_struct \\name\\()_await, \"Suspend0\", 80");
DWARF("	\\members");
DWARF("	dwarf_end");
DWARF("	dwarf_end");
DWARF("	dwarf_function \"{async_fn#0}\", \\name\\()_body, \\name\\()_body_end");
DWARF("	dwarf_end");
DWARF("	dwarf_end");
DWARF(".endm");

/* Its drop glue, with code of its own. */
DWARF(".macro glue name");
DWARF("	dwarf_function \"drop_in_place<app::\\name\\()::{async_fn_env#0}>\", \\name\\()_drop, "
      "\\name\\()_drop_end");
DWARF("	dwarf_argument T, \\name");
DWARF("	dwarf_end");
DWARF(".endm");

DWARF(".macro with_guard");
DWARF("	dwarf_member guard, guard, 0");
DWARF(".endm");
DWARF(".macro with_box");
DWARF("	dwarf_member boxed, guard_box, 8");
DWARF(".endm");
DWARF(".macro with_flag");
DWARF("	dwarf_member guard, guard, 0");
DWARF("	dwarf_member __0, bool, 17");
DWARF(".endm");
DWARF(".macro with_flags");
DWARF("	dwarf_member guard, guard, 0");
DWARF("	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16");
DWARF("	dwarf_member __\\n, bool, 17 + \\n");
DWARF("	.endr");
DWARF(".endm");
DWARF(".macro with_inner");
DWARF("	dwarf_member __awaitee, guarded, 48");
DWARF(".endm");
DWARF(".macro with_wrapped");
DWARF("	dwarf_member __awaitee, timeout, 40");
DWARF(".endm");

DWARF("dwarf_namespace app");
DWARF("machine guarded, with_guard");
DWARF("machine moved, with_guard");
DWARF("machine flagged, with_flag");
DWARF("machine crowded, with_flags");
DWARF("machine boxed, with_box");
DWARF("machine cleared, with_flag");
DWARF("machine kept_then_cleared, with_flag");
DWARF("machine cleared_then_kept, with_flag");
DWARF("machine codeless, with_guard");
DWARF("machine outer, with_inner");
DWARF("dwarf_struct timeout, Timeout, 40");
DWARF("dwarf_member value, guarded, 8");
DWARF("dwarf_end");
DWARF("machine outermost, with_wrapped");
DWARF("dwarf_end");
DWARF("glue guarded");
DWARF("glue moved");
DWARF("glue flagged");
DWARF("glue crowded");
DWARF("glue boxed");
DWARF("glue cleared");
DWARF("glue kept_then_cleared");
DWARF("glue cleared_then_kept");

/* A task of Tokio that runs one of them. */
DWARF("dwarf_struct handle, Handle, 8");
DWARF("dwarf_end");
DWARF("dwarf_namespace tokio");
DWARF("dwarf_namespace runtime");
DWARF("dwarf_namespace task");
DWARF("dwarf_namespace core");
DWARF("dwarf_struct running, Running, 88");
DWARF("dwarf_member __0, guarded, 8");
DWARF("dwarf_end");
DWARF("dwarf_struct stage, \"Stage<app::guarded::{async_fn_env#0}>\", 88");
DWARF("dwarf_variants stage_tag, u8, 0");
DWARF("dwarf_variant 0, Running, running, 0");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_struct core_stage, \"CoreStage<app::guarded::{async_fn_env#0}>\", 88");
DWARF("dwarf_member stage, stage, 0");
DWARF("dwarf_end");
DWARF("dwarf_struct core, \"Core<app::guarded::{async_fn_env#0}, Handle>\", 104");
DWARF("dwarf_member scheduler, handle, 0");
DWARF("dwarf_member stage, core_stage, 16");
DWARF("dwarf_end");
DWARF("dwarf_struct cell, \"Cell<app::guarded::{async_fn_env#0}, Handle>\", 160");
DWARF("dwarf_member core, core, 32");
DWARF("dwarf_member trailer, u8, 136");
DWARF("dwarf_end");
DWARF("dwarf_end"); /* core */
DWARF("dwarf_namespace raw");
DWARF("dwarf_function \"poll<app::guarded::{async_fn_env#0}, Handle>\", task_poll, task_poll_end");
DWARF("dwarf_argument T, guarded");
DWARF("dwarf_argument S, handle");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_end");
DWARF("dwarf_end_unit");

/* The code is read and never run. */
#define CODE(name, text)                                                                           \
	__asm__(".pushsection .text.machines, \"ax\", @progbits\n" name ":\n" text "\n" name       \
		"_end:\n.popsection")

CODE("drop_guard", "ret");
CODE("task_poll", "ret");

/* Glue that drops nothing but in state 3: what it does there. */
#define DROPS(name, text)                                                                          \
	CODE(name "_drop", "	movzbl 16(%rdi), %eax\n	cmp $3, %eax\n	jne 9f\n" text "\n9:	"     \
			   "ret")
#define DROP_GUARD "	call drop_guard\n"
#define IF_FLAGGED "	cmpb $0, 17(%rdi)\n	je 9f\n"

DROPS("guarded", DROP_GUARD);
DROPS("moved", "nop");
DROPS("flagged", IF_FLAGGED DROP_GUARD);
DROPS("crowded", DROP_GUARD);
DROPS("boxed", "	mov 8(%rdi), %rdi\n	test %rdi, %rdi\n");
DROPS("cleared", IF_FLAGGED DROP_GUARD);
DROPS("kept_then_cleared", IF_FLAGGED DROP_GUARD);
DROPS("cleared_then_kept", IF_FLAGGED DROP_GUARD);

/* The machine's own code; which branch is taken is not known. */
#define WAIT "	movb $3, 16(%rdi)\n	ret\n"
#define RUNS(name, text)                                                                           \
	CODE(name "_body",                                                                         \
	     "	movzbl 16(%rdi), %eax\n	test %eax, %eax\n	jne 9f\n" text WAIT                \
	     "9:	movb $1, 16(%rdi)\n	ret")
#define SET	  "	movb $1, 17(%rdi)\n"
#define CLEAR	  "	movb $0, 17(%rdi)\n"
#define UNLESS	  "	test %esi, %esi\n	jne 8f\n"
#define OTHERWISE "8:\n"

RUNS("guarded", "");
RUNS("moved", "");
RUNS("flagged", SET);
RUNS("crowded", "");
RUNS("boxed", "");
RUNS("codeless", "");
RUNS("outer", "");
RUNS("outermost", "");
RUNS("cleared", SET CLEAR);
RUNS("kept_then_cleared", SET UNLESS WAIT OTHERWISE CLEAR);
RUNS("cleared_then_kept", CLEAR UNLESS WAIT OTHERWISE SET);

static struct layout layout;

static int open_own_layout(void **state)
{
	static const char *patterns[] = { "app::NoSuchGuard" }; /* such a layout is not cached */
	const struct held_patterns own = { .patterns = patterns, .count = 1 };
	char sentence[LAYOUT_SENTENCE_SIZE];

	(void)state;
	return layout_open(&layout, "/proc/self/exe", &own, sentence);
}

static int close_own_layout(void **state)
{
	(void)state;
	layout_close(&layout);
	return 0;
}

/* "guarded" for app::guarded::{async_fn_env#0} */
static const struct layout_machine *machine_of(const char *name)
{
	char type[128];

	snprintf(type, sizeof type, "app::%s::{async_fn_env#0}", name);
	for (uint32_t i = 0; i < layout_count(&layout, LAYOUT_MACHINES); i++)
		if (!strcmp(layout_text(&layout, layout.machines[i].type), type))
			return &layout.machines[i];
	fail_msg("there is no %s", type);
	return NULL;
}

static const struct layout_state *await_of(const char *name)
{
	const struct layout_machine *machine = machine_of(name);
	const struct layout_state *state = &layout.states[machine->first_state + 1];

	assert_int_equal(machine->state_count, 2);
	assert_int_equal(state->value, 3);
	return state;
}

static const struct layout_value *value_of(const char *name, const char *variable)
{
	const struct layout_state *state = await_of(name);

	for (uint32_t i = 0; i < state->value_count; i++) {
		const struct layout_value *value = &layout.values[state->first_value + i];

		if (!strcmp(layout_text(&layout, value->name), variable))
			return value;
	}
	fail_msg("%s has no %s", name, variable);
	return NULL;
}

static void assert_guard(const char *machine, unsigned flags, uint32_t drop_flag)
{
	const struct layout_value *guard = value_of(machine, "guard");

	assert_int_equal(guard->class, HELD_LOCK);
	assert_int_equal(guard->offset, GUARD);
	assert_int_equal(guard->size, sizeof(uint64_t));
	assert_int_equal(guard->flags, flags);
	assert_int_equal(guard->drop_flag, drop_flag);
	assert_true(guard->word != LAYOUT_NONE);
}

static void a_machine_has_its_states(void **state)
{
	const struct layout_machine *machine = machine_of("guarded");

	(void)state;
	assert_int_equal(machine->size, MACHINE_SIZE);
	assert_int_equal(machine->discriminant, STATE);
	assert_int_equal(machine->discriminant_size, 1);
	assert_string_equal(layout_text(&layout, machine->function), "app::guarded::{{closure}}");
	assert_string_equal(layout_text(&layout, layout.states[machine->first_state].name),
			    "Unresumed");
	assert_int_equal(await_of("guarded")->line, 12);
}

static void a_guard_points_to_the_word_of_its_lock(void **state)
{
	const struct layout_word *word = &layout.words[value_of("guarded", "guard")->word];

	(void)state;
	assert_int_equal(word->pointer, 0);
	assert_int_equal(word->offset, 8);
	assert_int_equal(word->size, 4);
	assert_int_equal(word->mask, UINT32_MAX);
}

static void a_guard_that_is_always_dropped_is_alive(void **state)
{
	(void)state;
	assert_guard("guarded", VALUE_DROPS | VALUE_ALIVE | VALUE_HOLDS, LAYOUT_NONE);
	assert_int_equal(await_of("guarded")->flags, HOLDS_MAYBE);
}

static void a_guard_that_is_not_dropped_is_gone(void **state)
{
	(void)state;
	assert_guard("moved", VALUE_DROPPED, LAYOUT_NONE);
	assert_int_equal(await_of("moved")->flags, HOLDS_NOTHING);
}

static void a_flag_on_which_the_drop_depends_is_the_guards(void **state)
{
	(void)state;
	assert_guard("flagged", VALUE_DROPS | VALUE_HOLDS, FLAG);
	assert_true(value_of("flagged", "__0")->flags & VALUE_DROP_FLAG);
	assert_int_equal(await_of("flagged")->flag_count, 0);
}

static void with_too_many_flags_a_guard_may_be_gone(void **state)
{
	(void)state;
	assert_guard("crowded", VALUE_DROPS | VALUE_HOLDS, LAYOUT_NONE);
}

static void what_is_in_a_box_may_be_gone_before_the_box(void **state)
{
	const struct layout_value *guard = value_of("boxed", "boxed");

	(void)state;
	assert_int_equal(guard->class, HELD_LOCK);
	assert_int_equal(guard->box, BOXED_GUARD);
	assert_int_equal(guard->offset, 0);
	assert_int_equal(guard->flags, VALUE_BOXED | VALUE_DROPS | VALUE_HOLDS);
}

static void a_flag_that_is_cleared_at_the_await_says_that_it_is_gone(void **state)
{
	(void)state;
	assert_guard("cleared", VALUE_DROPPED, LAYOUT_NONE);
}

static void a_flag_must_be_cleared_on_every_way_to_the_await(void **state)
{
	(void)state;
	assert_guard("kept_then_cleared", VALUE_DROPS | VALUE_HOLDS, FLAG);
	assert_guard("cleared_then_kept", VALUE_DROPS | VALUE_HOLDS, FLAG);
}

static void without_glue_nothing_is_known(void **state)
{
	(void)state;
	assert_guard("codeless", VALUE_HOLDS, LAYOUT_NONE);
}

static void an_await_leads_to_the_machine_that_is_awaited(void **state)
{
	const struct layout_value *awaited = value_of("outer", "__awaitee");

	(void)state;
	assert_int_equal(awaited->class, HELD_FUTURE);
	assert_int_equal(awaited->offset, AWAITEE);
	assert_int_equal(awaited->flags, VALUE_AWAITED | VALUE_HOLDS);
	assert_ptr_equal(&layout.machines[awaited->machine], machine_of("guarded"));
	assert_ptr_equal(&layout.machines[await_of("outer")->awaits], machine_of("guarded"));
	assert_int_equal(await_of("outer")->flags, HOLDS_MAYBE);
	assert_int_equal(await_of("guarded")->awaits, LAYOUT_NONE);
}

static void also_through_a_library_s_future(void **state)
{
	(void)state;
	assert_int_equal(value_of("outermost", "__awaitee.value")->offset, AWAITEE);
	assert_ptr_equal(&layout.machines[await_of("outermost")->awaits], machine_of("guarded"));
}

static void a_task_contains_its_future(void **state)
{
	const struct layout_task *task = layout.tasks;

	(void)state;
	assert_int_equal(layout_count(&layout, LAYOUT_TASKS), 1);
	assert_string_equal(layout_text(&layout, task->type), "app::guarded::{async_fn_env#0}");
	assert_string_equal(layout_text(&layout, task->scheduler), "Handle");
	assert_int_equal(task->future, 32 + 16 + 8); /* core, stage, Running's */
	assert_int_equal(task->trailer, 136);
	assert_int_equal(task->flags, TASK_HOLDS);
	assert_ptr_equal(&layout.machines[task->machine], machine_of("guarded"));
	assert_int_equal(task->condition_count, 1);
	assert_int_equal(layout.conditions[task->first_condition].offset, 32 + 16);
	assert_int_equal(layout.conditions[task->first_condition].value, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_has_its_states),
		cmocka_unit_test(a_guard_points_to_the_word_of_its_lock),
		cmocka_unit_test(a_guard_that_is_always_dropped_is_alive),
		cmocka_unit_test(a_guard_that_is_not_dropped_is_gone),
		cmocka_unit_test(a_flag_on_which_the_drop_depends_is_the_guards),
		cmocka_unit_test(with_too_many_flags_a_guard_may_be_gone),
		cmocka_unit_test(what_is_in_a_box_may_be_gone_before_the_box),
		cmocka_unit_test(a_flag_that_is_cleared_at_the_await_says_that_it_is_gone),
		cmocka_unit_test(a_flag_must_be_cleared_on_every_way_to_the_await),
		cmocka_unit_test(without_glue_nothing_is_known),
		cmocka_unit_test(an_await_leads_to_the_machine_that_is_awaited),
		cmocka_unit_test(also_through_a_library_s_future),
		cmocka_unit_test(a_task_contains_its_future),
	};

	return cmocka_run_group_tests(tests, open_own_layout, close_own_layout);
}
