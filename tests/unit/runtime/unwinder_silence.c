/* What a walk leaves behind in the program: nothing. And the table that threads share. */
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/runtime.h"
#include "stacks.h"
#include "runtime/base/system_call.h"
#include "runtime/unwind/unwind_table.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

static unsigned allocations;

void *malloc(size_t size)
{
	allocations++;
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	allocations++;
	return __libc_calloc(count, size);
}

void *realloc(void *block, size_t size)
{
	allocations++;
	return __libc_realloc(block, size);
}

static volatile int sink;

NOINLINE static size_t walk(int depth)
{
	uint64_t frames[STACK_MAX];
	struct unwind_start here;
	size_t found;

	if (depth) {
		found = walk(depth - 1);
	} else {
		UNWIND_HERE(&here);
		found = unwinder_walk(&here, frames, NULL, STACK_MAX);
	}
	sink++;
	return found;
}

/* The same under another name: code that no walk has met. */
NOINLINE static size_t walk_new_code(int depth)
{
	size_t found = depth ? walk_new_code(depth - 1) : walk(3);

	sink += 2;
	return found;
}

static void a_walk_allocates_nothing(void **state)
{
	unsigned before = allocations;

	(void)state;
	unwinder_forget(0, UINTPTR_MAX);
	assert_true(walk(20) > 20);
	assert_int_equal(allocations, before);
}

/* In a child: after this the kernel kills for anything but read, write, exit and sigreturn. */
static int status_of_strict_child(size_t (*walk_it)(int))
{
	pid_t child = fork();
	int status;

	if (!child) {
		if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
			system_call_always(SYS_exit, 2, 0, 0, 0, 0, 0);
		system_call_always(SYS_exit, walk_it(10) > 10 ? 0 : 1, 0, 0, 0, 0, 0);
	}
	waitpid(child, &status, 0);
	return status;
}

static void a_walk_makes_no_system_call_once_its_stack_is_known(void **state)
{
	(void)state;
	walk(40);
	assert_int_equal(status_of_strict_child(walk), 0);
	assert_int_equal(status_of_strict_child(walk_new_code), 0);
}

static void without_system_calls_the_own_stack_is_walked_all_the_same(void **state)
{
	(void)state;
	runtime_silent = true;
	assert_true(walk(40) > 40);
	runtime_silent = false;
}

/* ---- signals that come in the middle of it */

static uint64_t longest_ns;
static volatile unsigned interrupted;

static uint64_t thread_cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void walk_in_handler(int number)
{
	uint64_t start = thread_cpu_ns(), spent;

	(void)number;
	walk(3);
	spent = thread_cpu_ns() - start;
	if (spent > longest_ns)
		longest_ns = spent;
	interrupted++;
}

static void a_handler_does_not_wait_for_what_it_interrupted(void **state)
{
	struct sigaction action = { .sa_handler = walk_in_handler, .sa_flags = SA_RESTART };
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (interrupted < 200) {
		unwinder_forget(0, UINTPTR_MAX);
		assert_true(walk(20) > 0);
	}
	setitimer(ITIMER_REAL, &never, NULL);
	assert_in_range(longest_ns, 1, 5000000);
}

/* ---- the shared table */

static uint64_t rule_of(uintptr_t address)
{
	return (address * 0x123456789) | 1;
}

enum { ENOUGH_FOUND = 100000 };

static atomic_int still_at_it;

/* Ends when it has found enough: how long that takes is the machine's affair. Returns how many
 * rules were another address's. */
static void *put_and_get(void *data)
{
	uintptr_t seed = (uintptr_t)data, wrong = 0, found = 0;
	uint64_t rule;

	while (found < ENOUGH_FOUND) {
		/* Few buckets, many addresses: they push one another out all the time. */
		seed = seed * 6364136223846793005 + 1442695040888963407;
		for (uintptr_t address = 0x10000 + (seed >> 60); address < 0x11000; address += 16) {
			if (unwind_table_get(address, &rule)) {
				found++;
				wrong += rule != rule_of(address);
			}
			unwind_table_put(address, rule_of(address));
		}
	}
	still_at_it--;
	return (void *)wrong;
}

static void rules_are_never_mixed_up(void **state)
{
	pthread_t threads[3];
	void *wrong;

	(void)state;
	/* A full table, so that each bucket forgets. */
	for (uintptr_t address = 1; address < 1 << 18; address++)
		unwind_table_put(address << 20, rule_of(address << 20));
	still_at_it = 3;
	for (uintptr_t i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, put_and_get, (void *)(i + 1));
	while (still_at_it) {
		unwind_table_forget(0x10000, 0x11000);
		usleep(10);
	}
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	unwinder_forget(0, UINTPTR_MAX);
}

static void forgotten_code_is_looked_at_anew(void **state)
{
	uint64_t rule;

	(void)state;
	unwind_table_put(0x5000, 7);
	unwind_table_put(0x6000, 9);
	unwinder_forget(0x5000, 0x6000);
	assert_false(unwind_table_get(0x5000, &rule));
	assert_true(unwind_table_get(0x6000, &rule));
	assert_int_equal(rule, 9);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_walk_allocates_nothing),
		cmocka_unit_test(a_walk_makes_no_system_call_once_its_stack_is_known),
		cmocka_unit_test(without_system_calls_the_own_stack_is_walked_all_the_same),
		cmocka_unit_test(a_handler_does_not_wait_for_what_it_interrupted),
		cmocka_unit_test(rules_are_never_mixed_up),
		cmocka_unit_test(forgotten_code_is_looked_at_anew),
	};

	return cmocka_run_group_tests(tests, stacks_init, NULL);
}
