/* Tokio's functions by their names, as rustc mangled them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/tasks/task_symbols.h"

struct sample {
	const char *name;
	enum task_function function;
};

#define H      "17h0260eb775a526decE"
#define WORKER "_ZN5tokio7runtime9scheduler12multi_thread6worker"

static const struct sample samples[] = {
	{ "_ZN5tokio7runtime4task3raw4poll" H, FUNCTION_POLL },
	{ "_RINvNtNtNtNtCs8x_5tokio7runtime4task3raw4pollNCNvCs1_3app4main0E", FUNCTION_POLL },
	{ "_ZN5tokio7runtime9scheduler14current_thread9CoreGuard8block_on" H,
	  FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN5tokio7runtime9scheduler14current_thread9CoreGuard8block_on28_$u7b$$u7b$closure$u7d$"
	  "$u7d$" H,
	  FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN5tokio7runtime9scheduler14current_thread13CurrentThread8block_on" H,
	  FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN5tokio7runtime9scheduler14current_thread7Context5enter" H,
	  FUNCTION_ROOT_CURRENT_THREAD },
	{ "_RINvMs_NtNtNtCs8x_5tokio7runtime9scheduler14current_threadNtB5_7Context5enterNtCs1_"
	  "3app1FE",
	  FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN5tokio7runtime15basic_scheduler23BasicScheduler$LT$P$GT$8block_on" H,
	  FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN5tokio7runtime15basic_scheduler7Context5enter" H, FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN5tokio4task5local8LocalSet8block_on" H, FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN5tokio7runtime9scheduler12multi_thread11MultiThread8block_on" H,
	  FUNCTION_ROOT_MULTI_THREAD },
	{ "_ZN5tokio7runtime4park16CachedParkThread8block_on" H, FUNCTION_ROOT_MULTI_THREAD },
	{ "_ZN5tokio4park6thread16CachedParkThread8block_on" H, FUNCTION_ROOT_MULTI_THREAD },
	{ "_ZN5tokio7runtime7runtime7Runtime8block_on" H, FUNCTION_ROOT },
	{ "_ZN5tokio7runtime7runtime7Runtime14block_on_inner" H, FUNCTION_ROOT },
	{ "_ZN5tokio7runtime6handle6Handle8block_on" H, FUNCTION_ROOT },
	{ "_ZN5tokio7runtime7context7runtime13enter_runtime" H, FUNCTION_ROOT },
	{ "_ZN5tokio7runtime4park5Inner4park" H, FUNCTION_PARKS },
	{ "_ZN5tokio7runtime4park16CachedParkThread4park" H, FUNCTION_PARKS },
	{ "_ZN5tokio7runtime4time6Driver13park_internal" H, FUNCTION_PARKS },
	{ "_ZN5tokio7runtime2io6driver6Driver4turn" H, FUNCTION_PARKS },
	{ "_ZN5tokio7runtime9scheduler14current_thread7Context4park" H, FUNCTION_PARKS },
	{ "_ZN5tokio7runtime9scheduler14current_thread7Context10park_yield" H, FUNCTION_PARKS },
	{ "_ZN5tokio7runtime9scheduler12multi_thread4park5Inner12park_condvar" H, FUNCTION_PARKS },
	{ WORKER "14block_in_place" H, FUNCTION_EXEMPT },
	{ "_ZN5tokio7runtime7context10runtime_mt12exit_runtime" H, FUNCTION_EXEMPT },
	{ "_ZN11parking_lot7condvar7Condvar19wait_until_internal" H, FUNCTION_CONDITION },
	{ "_RNvNtNtNtNtNtCsjr_3std3sys3pal4unix5futex10futex_wait", FUNCTION_CONDITION },
	/* Others' functions, and what Tokio has besides. */
	{ WORKER "7Context8run_task" H, FUNCTION_NONE },
	{ WORKER "3run" H, FUNCTION_NONE },
	{ "_ZN5tokio7runtime6driver6Handle6unpark" H, FUNCTION_NONE },
	{ "_ZN5tokio7runtime7context19BlockingRegionGuard16block_on_timeout" H, FUNCTION_NONE },
	{ "_ZN16parking_lot_core13thread_parker3imp12ThreadParker10futex_wait" H, FUNCTION_NONE },
	{ "_ZN4core3ptr80drop_in_place$LT$tokio..runtime..runtime..Runtime$GT$" H, FUNCTION_NONE },
	{ "_RINvNtCs1_4core3ptr13drop_in_placeNtNtCs8x_5tokio7runtime8block_onE", FUNCTION_NONE },
	{ "_ZN10async_task3raw28RawTask$LT$F$C$T$C$S$C$M$GT$3run" H, FUNCTION_RUN },
	{ "_RNvMNtCs8x_10async_task3rawINtB2_7RawTaskppppE3runCs9_3app", FUNCTION_RUN },
	{ "_ZN10async_task3raw28RawTask$LT$F$C$T$C$S$C$M$GT$8schedule" H, FUNCTION_NONE },
	{ "_ZN8async_io6driver8block_on" H, FUNCTION_ROOT },
	{ "_ZN12futures_lite6future8block_on" H, FUNCTION_ROOT },
	{ "_ZN9async_std4task8block_on8block_on" H, FUNCTION_ROOT },
	{ "_ZN7parking5Inner4park" H, FUNCTION_PARKS },
	{ "_ZN16futures_executor10local_pool8block_on" H, FUNCTION_ROOT },
	{ "_ZN16futures_executor10local_pool12run_executor28_$u7b$$u7b$closure$u7d$$u7d$" H,
	  FUNCTION_ROOT },
	{ "_RINvNtCs8x_16futures_executor10local_pool12run_executoruNCNvB2_8block_on0ECs1_3app",
	  FUNCTION_ROOT },
	{ "_ZN16futures_executor10local_pool9LocalPool9run_until" H, FUNCTION_ROOT_CURRENT_THREAD },
	{ "_RINvMs_NtCs8x_16futures_executor10local_poolNtB5_9LocalPool9run_untilNvCs1_3app1fE",
	  FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN16futures_executor10local_pool9LocalPool3new" H, FUNCTION_NONE },
	{ "_ZN16futures_executor11thread_pool4Task3run" H, FUNCTION_ROOT_CURRENT_THREAD },
	{ "_ZN16futures_executor11thread_pool9PoolState4work" H, FUNCTION_ROOT_POOL },
	{ "_ZN16futures_executor11thread_pool9PoolState4send" H, FUNCTION_NONE },
	{ "_ZN8pollster8block_on" H, FUNCTION_ROOT },
	{ "_ZN8pollster6Signal4wait" H, FUNCTION_PARKS },
	{ "_ZN8pollster6Signal6notify" H, FUNCTION_NONE },
	{ "_RNvNtNtCsjr_3std6thread9functions4park", FUNCTION_THREAD_PARKS },
	{ "_ZN3std6thread4park" H, FUNCTION_THREAD_PARKS },
	{ "_ZN3std6thread6Thread6unpark" H, FUNCTION_NONE },
	{ "_ZN3std4sync4mpmc4list16Channel$LT$T$GT$4recv" H, FUNCTION_RECEIVES },
	{ "_ZN3std3sys9backtrace28__rust_begin_short_backtrace" H, FUNCTION_THREAD_BEGINS },
	{ "_ZN3std6thread5local17LocalKey$LT$T$GT$4with" H, FUNCTION_WITH_LOCAL },
	{ "_ZN7parking8Unparker6unpark" H, FUNCTION_NONE },
	{ "_ZN8async_io7reactor11ReactorLock5react" H, FUNCTION_PARKS },
	{ "_ZN3app4main28_$u7b$$u7b$closure$u7d$$u7d$" H, FUNCTION_NONE },
	{ "main", FUNCTION_NONE },
	{ "_R", FUNCTION_NONE },
	{ "_RCs", FUNCTION_NONE },
	{ "_ZN", FUNCTION_NONE },
	{ "", FUNCTION_NONE },
};

static void functions_are_told_by_their_names(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof samples / sizeof *samples; i++)
		if (task_function_named(samples[i].name) != samples[i].function)
			fail_msg("%s: %d", samples[i].name, task_function_named(samples[i].name));
}

static void an_address_is_found_in_its_function_alone(void **state)
{
	struct task_range ranges[] = {
		{ 100, 10, FUNCTION_ROOT, EXECUTOR_tokio },
		{ 110, 5, FUNCTION_EXEMPT, EXECUTOR_tokio },
		{ 200, 1, FUNCTION_POLL, EXECUTOR_tokio },
	};
	const struct task_symbols symbols = { .ranges = ranges, .count = 3 };
	const struct task_symbols none = { 0 };

	(void)state;
	assert_int_equal(task_symbols_at(&symbols, 99), FUNCTION_NONE);
	assert_int_equal(task_symbols_at(&symbols, 100), FUNCTION_ROOT);
	assert_int_equal(task_symbols_at(&symbols, 109), FUNCTION_ROOT);
	assert_int_equal(task_symbols_at(&symbols, 110), FUNCTION_EXEMPT);
	assert_int_equal(task_symbols_at(&symbols, 115), FUNCTION_NONE);
	assert_int_equal(task_symbols_at(&symbols, 200), FUNCTION_POLL);
	assert_int_equal(task_symbols_at(&symbols, 201), FUNCTION_NONE);
	assert_int_equal(task_symbols_at(&none, 100), FUNCTION_NONE);
}

/* What a block_on that is inlined leaves: a variable, set while the thread is within it. */
static void a_variable_shows_a_block_on(void **state)
{
	static const struct symbol_range symbols[] = {
		{ 8, 10, "_ZN16futures_executor5enter7ENTERED23__RUST_STD_INTERNAL_VAL" H, true },
		{ 16, 40, "_ZN12futures_lite6future8block_on5CACHE5VALUE" H, true },
		{ 40, 41, "_ZN8async_io6driver8block_on10IO_POLLING" H, true },
		{ 48, 4096, "_ZN8async_io6driver8block_on5CACHE5VALUE" H, true }, /* too large */
	};
	static _Thread_local uint8_t block[64];
	struct task_locals locals = { 0 };

	(void)state;
	for (unsigned i = 0; i < sizeof symbols / sizeof *symbols; i++)
		task_locals_add(&locals, &symbols[i]);
	assert_int_equal(locals.count, 2);
	assert_true(task_locals_have(&locals, EXECUTOR_futures));
	assert_true(task_locals_have(&locals, EXECUTOR_futures_lite));
	assert_false(task_locals_have(&locals, EXECUTOR_async_io));
	assert_int_equal(task_locals_entered_in(&locals, block, sizeof block), EXECUTOR_other);
	block[8] = 1; /* initialised, false */
	assert_int_equal(task_locals_entered_in(&locals, block, sizeof block), EXECUTOR_other);
	block[9] = 1;
	assert_int_equal(task_locals_entered_in(&locals, block, sizeof block), EXECUTOR_futures);
	assert_int_equal(task_locals_entered_in(&locals, block, 9), EXECUTOR_other);
	block[9] = 0;
	memset(block + 24, 0xff, 8);
	assert_int_equal(task_locals_entered_in(&locals, block, sizeof block),
			 EXECUTOR_futures_lite);
	assert_int_equal(task_locals_entered_in(&locals, NULL, 0), EXECUTOR_other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_told_by_their_names),
		cmocka_unit_test(an_address_is_found_in_its_function_alone),
		cmocka_unit_test(a_variable_shows_a_block_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
