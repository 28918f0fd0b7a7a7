/* What stands in slot 0 of a vtable, and of what only looks like one. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "runtime/tasks/task_module.h"
#include "runtime/tasks/task_slots.h"
#include "runtime/tasks/tokio.h"
#include "runtime/base/memory.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/turns/turn.h"

#define OWNER 7

static struct module nowhere;
static struct task_module module = { .module = &nowhere };

/* Slot 0 of a table with room for what follows it. */
struct table {
	uint64_t words[10];
};

static void hook(struct table *table, uintptr_t function)
{
	struct task_vtable vtable = { .words = table->words, .by_shape = true };

	table->words[0] = function;
	assert_true(task_slot_hook(&module, &tokio_family, &vtable, false));
	assert_int_not_equal(table->words[0], function);
}

static int set_up(void **state)
{
	(void)state;
	assert_true(runtime_started);
	return 0;
}

static int release(void **state)
{
	(void)state;
	task_slots_release(&module);
	return 0;
}

/* Foreign tables. */

static long increment(long number)
{
	return number + 1;
}

static double sum(int a, long b, double c, char d, float e, long f, double g, short h, long i,
		  double j, long k, double l, double m, double n, double o)
{
	return a + b + c + d + e + f + g + h + i + j + k + l + m + n + o;
}

static double add_up(int count, ...)
{
	double result = 0;
	va_list list;

	va_start(list, count);
	while (count--)
		result += va_arg(list, double);
	va_end(list);
	return result;
}

struct large {
	long values[9];
};

static struct large fill(long from)
{
	struct large large;

	for (long i = 0; i < 9; i++)
		large.values[i] = from + i;
	return large;
}

static long read_errno(void *unused)
{
	(void)unused;
	return errno;
}

static void a_foreign_table_keeps_its_arguments_and_its_result(void **state)
{
	static struct table tables[4];
	long (*hooked_increment)(long);
	double (*hooked_sum)(int, long, double, char, float, long, double, short, long, double,
			     long, double, double, double, double);
	double (*hooked_add_up)(int, ...);
	struct large (*hooked_fill)(long);

	(void)state;
	hook(&tables[0], (uintptr_t)increment);
	hook(&tables[1], (uintptr_t)sum);
	hook(&tables[2], (uintptr_t)add_up);
	hook(&tables[3], (uintptr_t)fill);
	memcpy(&hooked_increment, tables[0].words, sizeof(void *));
	memcpy(&hooked_sum, tables[1].words, sizeof(void *));
	memcpy(&hooked_add_up, tables[2].words, sizeof(void *));
	memcpy(&hooked_fill, tables[3].words, sizeof(void *));
	for (int i = 0; i < 3; i++) { /* the first call decides */
		assert_int_equal(hooked_increment(41), 42);
		assert_true(hooked_sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) == 120);
		assert_true(hooked_add_up(4, 1.5, 2.5, 3.5, 4.5) == 12);
		assert_int_equal(hooked_fill(i).values[8], i + 8);
	}
	assert_ptr_equal(task_targets[0], (void *)increment);
}

__attribute__((naked)) static long chain(void)
{
	__asm__("movq %r10, %rax\n\tret");
}

__attribute__((naked)) static long vector_count(void)
{
	__asm__("movzbl %al, %eax\n\tret");
}

/* With a static chain, and a count of vector registers that nothing else would leave there. */
static long call_with(uint64_t function, uint64_t r10, uint64_t rax)
{
	register uint64_t chain_register __asm__("r10") = r10;
	long result;

	__asm__ volatile("subq $128, %%rsp\n\tcall *%%rcx\n\taddq $128, %%rsp"
			 : "=a"(result), "+c"(function), "+r"(chain_register)
			 : "a"(rax), "D"(41)
			 : "rdx", "rsi", "r8", "r9", "r11", "memory", "cc", "xmm0", "xmm1");
	return result;
}

static void a_foreign_table_keeps_what_is_no_argument(void **state)
{
	static struct table tables[2];

	(void)state;
	hook(&tables[0], (uintptr_t)chain);
	hook(&tables[1], (uintptr_t)vector_count);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(call_with(tables[0].words[0], 0x1234567890, 0), 0x1234567890);
		assert_int_equal(call_with(tables[1].words[0], 0, 5), 5);
	}
}

static void the_question_leaves_errno_alone(void **state)
{
	static struct table table;
	long (*hooked)(void *);

	(void)state;
	hook(&table, (uintptr_t)read_errno);
	memcpy(&hooked, table.words, sizeof(void *));
	errno = 77;
	assert_int_equal(hooked((void *)8), 77);
	assert_int_equal(errno, 77);
}

static long is_not_null(void *argument)
{
	return argument != NULL;
}

static void no_argument_is_read_that_cannot_be(void **state)
{
	char *pages = memory_map(2 * MEMORY_PAGE);
	const uintptr_t arguments[] = {
		0,
		1,
		41,
		4096,
		1UL << 47,
		1UL << 63,
		UINTPTR_MAX,
		UINTPTR_MAX - 7,
		(uintptr_t)pages + MEMORY_PAGE - 8,
		(uintptr_t)pages + MEMORY_PAGE - 24,
		(uintptr_t)pages + 4,
	};
	static struct table tables[sizeof arguments / sizeof *arguments];

	(void)state;
	mprotect(pages + MEMORY_PAGE, MEMORY_PAGE, PROT_NONE);
	for (unsigned i = 0; i < sizeof arguments / sizeof *arguments; i++) {
		long (*hooked)(uintptr_t);

		hook(&tables[i], (uintptr_t)is_not_null);
		memcpy(&hooked, tables[i].words, sizeof(void *));
		assert_int_equal(hooked(arguments[i]), arguments[i] != 0);
		assert_int_equal(hooked(arguments[i]), arguments[i] != 0);
	}
}

/* Tasks. */

struct header {
	uint64_t state, queue_next;
	const struct table *vtable;
	uint64_t owner;
	uint64_t more[4];
};

static unsigned polled;
static int kind_seen;

static void poll_task(void *header)
{
	(void)header;
	polled++;
	kind_seen = this_thread.turn ? (int)this_thread.turn->kind : -1;
}

static void run(const void *header, const struct table *table)
{
	void (*poll)(const void *);

	memcpy(&poll, table->words, sizeof(void *));
	poll(header);
}

static void a_poll_is_a_turn(void **state)
{
	static struct table table;
	struct header header = { .vtable = &table, .owner = OWNER };

	(void)state;
	hook(&table, (uintptr_t)poll_task);
	polled = 0;
	for (unsigned i = 1; i < 4; i++) {
		run(&header, &table);
		assert_int_equal(polled, i);
		assert_int_equal(kind_seen, TURN_TASK);
		assert_null(this_thread.turn);
	}
}

static void what_no_executor_owns_is_a_job(void **state)
{
	static struct table table;
	struct header header = { .vtable = &table, .owner = 0 };

	(void)state;
	hook(&table, (uintptr_t)poll_task);
	run(&header, &table);
	assert_int_equal(kind_seen, TURN_OFFLOAD);
	header.owner = OWNER;
	run(&header, &table);
	assert_int_equal(kind_seen, TURN_TASK);
}

static void a_scheduler_that_is_no_executor_makes_a_job(void **state)
{
	static struct table table;
	struct task_vtable vtable = { .words = table.words, .by_shape = true, .job = true };
	struct header header = { .vtable = &table, .owner = OWNER };

	(void)state;
	table.words[0] = (uintptr_t)poll_task;
	assert_true(task_slot_hook(&module, &tokio_family, &vtable, false));
	run(&header, &table);
	assert_int_equal(kind_seen, TURN_OFFLOAD);
}

static void headers_of_every_layout_are_read(void **state)
{
	static struct table tables[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		uint64_t header[8] = { 0 };

		hook(&tables[i], (uintptr_t)poll_task);
		header[2 + i] = (uintptr_t)&tables[i];
		run(header, &tables[i]);
		assert_int_equal(kind_seen, TURN_OFFLOAD);
		header[2 + i + 1] = OWNER;
		run(header, &tables[i]);
		assert_int_equal(kind_seen, TURN_TASK);
	}
}

static void give_back(void *header)
{
	munmap(header, MEMORY_PAGE);
}

static void nothing_is_read_through_a_header_after_its_poll(void **state)
{
	static struct table table;

	(void)state;
	hook(&table, (uintptr_t)give_back);
	for (unsigned i = 0; i < 3; i++) {
		struct header *header = memory_map(MEMORY_PAGE);

		header->vtable = &table;
		header->owner = OWNER;
		run(header, &table);
		assert_false(memory_is_readable(header, sizeof *header));
	}
}

static void end_thread(void *header)
{
	(void)header;
	pthread_exit((void *)1);
}

static void *thread_that_ends_in_a_poll(void *unused)
{
	static struct table table;
	static struct header header = { .vtable = &table, .owner = OWNER };

	hook(&table, (uintptr_t)end_thread);
	run(&header, &table);
	return unused;
}

static void a_thread_may_end_in_a_poll(void **state)
{
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, thread_that_ends_in_a_poll, NULL), 0);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, (void *)1);
}

/* Pages. */

static bool is_writable(const void *address)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned long start, end;
	char mode[5], line[512];
	bool writable = false;

	while (fgets(line, sizeof line, maps))
		if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) == 3 &&
		    (unsigned long)address >= start && (unsigned long)address < end)
			writable = mode[1] == 'w';
	fclose(maps);
	return writable;
}

static void a_read_only_page_is_read_only_again(void **state)
{
	char *pages = memory_map(3 * MEMORY_PAGE);
	struct task_vtable vtables[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		vtables[i] = (struct task_vtable){
			.words = (uint64_t *)(pages + (i / 2) * MEMORY_PAGE + i * 128),
			.by_shape = true,
		};
		*vtables[i].words = (uintptr_t)poll_task;
	}
	mprotect(pages, 3 * MEMORY_PAGE, PROT_READ);
	for (unsigned i = 0; i < 3; i++)
		assert_true(task_slot_hook(&module, &tokio_family, &vtables[i], true));
	task_slots_close_page();
	for (unsigned i = 0; i < 3; i++) {
		assert_false(is_writable(pages + i * MEMORY_PAGE));
		assert_int_not_equal(*vtables[i].words, (uintptr_t)poll_task);
	}
}

static void a_page_that_cannot_be_opened_is_left_alone(void **state)
{
	struct task_vtable vtable = { .words = (uint64_t *)(1UL << 46) };

	(void)state;
	assert_false(task_slot_hook(&module, &tokio_family, &vtable, true));
	task_slots_close_page();
}

static void numbers_are_used_again(void **state)
{
	static struct table table;
	struct task_vtable vtable = { .words = table.words, .by_shape = true };

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < TASK_SLOTS; i++)
			assert_true(task_slot_hook(&module, &tokio_family, &vtable, false));
		assert_false(task_slot_hook(&module, &tokio_family, &vtable, false));
		task_slots_release(&module);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_foreign_table_keeps_its_arguments_and_its_result,
					  release),
		cmocka_unit_test_teardown(a_foreign_table_keeps_what_is_no_argument, release),
		cmocka_unit_test_teardown(the_question_leaves_errno_alone, release),
		cmocka_unit_test_teardown(no_argument_is_read_that_cannot_be, release),
		cmocka_unit_test_teardown(a_poll_is_a_turn, release),
		cmocka_unit_test_teardown(what_no_executor_owns_is_a_job, release),
		cmocka_unit_test_teardown(a_scheduler_that_is_no_executor_makes_a_job, release),
		cmocka_unit_test_teardown(headers_of_every_layout_are_read, release),
		cmocka_unit_test_teardown(nothing_is_read_through_a_header_after_its_poll, release),
		cmocka_unit_test_teardown(a_thread_may_end_in_a_poll, release),
		cmocka_unit_test_teardown(a_read_only_page_is_read_only_again, release),
		cmocka_unit_test_teardown(a_page_that_cannot_be_opened_is_left_alone, release),
		cmocka_unit_test_teardown(numbers_are_used_again, release),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
