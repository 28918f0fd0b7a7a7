/* What a lock's own words show, and what code does after it takes one. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/locks/lock_gate.h"
#include "runtime/locks/lock_state.h"
#include "runtime/modules/modules.h"

static int set_up(void **state)
{
	(void)state;
	modules_scan(NULL, NULL);
	return 0;
}

static uintptr_t address(const void *lock)
{
	return (uintptr_t)lock;
}

/* ---- gates */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gates[4];
static int protected;
static uintptr_t returns_to;

/* In the place of the lock and of the unlock: notes where the call returns to. */
__attribute__((noinline)) static int taken(pthread_mutex_t *lock)
{
	returns_to = (uintptr_t)__builtin_return_address(0);
	__asm__ volatile("" : : "r"(lock) : "memory");
	return 0;
}

static uintptr_t released_from;

__attribute__((noinline)) static int given_back(pthread_mutex_t *lock)
{
	released_from = (uintptr_t)__builtin_return_address(0);
	__asm__ volatile("" : : "r"(lock) : "memory");
	return 0;
}

__attribute__((noinline)) static void work(void)
{
	__asm__ volatile("" : : : "memory");
}

/* The same code at both ends of what compilers do. */
#ifdef __clang__
#define AS_IT_STANDS __attribute__((noinline, optnone, no_profile_instrument_function))
#else
#define AS_IT_STANDS __attribute__((noinline, optimize("O0"), no_profile_instrument_function))
#endif
#define OPTIMIZED __attribute__((noinline, no_profile_instrument_function))

#define SNIPPET(name, between)                                                                     \
	AS_IT_STANDS static void name##_plain(unsigned i)                                          \
	{                                                                                          \
		(void)i;                                                                           \
		taken(&gate);                                                                      \
		between;                                                                           \
		given_back(&gate);                                                                 \
	}                                                                                          \
	OPTIMIZED static void name##_optimized(unsigned i)                                         \
	{                                                                                          \
		(void)i;                                                                           \
		taken(&gate);                                                                      \
		between;                                                                           \
		given_back(&gate);                                                                 \
		__asm__ volatile("");                                                              \
	}

SNIPPET(nothing, (void)0)
SNIPPET(increment, protected ++)
SNIPPET(store, protected = 1)
SNIPPET(call, work())

AS_IT_STANDS static void element_plain(unsigned i)
{
	taken(&gates[i]);
	given_back(&gates[i]);
}

OPTIMIZED static void element_optimized(unsigned i)
{
	taken(&gates[i]);
	given_back(&gates[i]);
	__asm__ volatile("");
}

/* Whether it goes through to the release: a call comes next, and it is that one. */
static bool is_gate(void (*snippet)(unsigned))
{
	uintptr_t next = 0;

	returns_to = released_from = 0;
	snippet(1);
	assert_true(returns_to && released_from);
	return lock_gate_code(returns_to, &next) && next == released_from;
}

static void a_lock_released_at_once_is_a_gate(void **state)
{
	(void)state;
	assert_true(is_gate(nothing_plain));
	assert_true(is_gate(nothing_optimized));
	assert_true(is_gate(element_plain));
	assert_true(is_gate(element_optimized));
}

static void work_under_a_lock_is_no_gate(void **state)
{
	(void)state;
	assert_false(is_gate(increment_plain));
	assert_false(is_gate(increment_optimized));
	assert_false(is_gate(store_plain));
	assert_false(is_gate(store_optimized));
}

/* The call that comes next is not the release. */
static void a_call_under_a_lock_is_no_gate(void **state)
{
	(void)state;
	assert_false(is_gate(call_plain));
	assert_false(is_gate(call_optimized));
}

static void code_that_is_not_known_is_not_read(void **state)
{
	void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t next;

	(void)state;
	assert_false(lock_gate_code(address(page), &next));
	assert_false(lock_gate_code(0, &next));
	assert_false(lock_gate_code(UINTPTR_MAX, &next));
	munmap(page, 4096);
}

/* ---- states */

static void a_mutex_knows_its_thread(void **state)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t mutex;

	(void)state;
	for (int type = PTHREAD_MUTEX_NORMAL; type <= PTHREAD_MUTEX_ADAPTIVE_NP; type++)
		for (int kind = 0; kind < 4; kind++) {
			/* glibc makes of each robust one one that processes share. */
			int robust = kind & 1, owner;

			pthread_mutexattr_init(&attributes);
			pthread_mutexattr_settype(&attributes, type);
			pthread_mutexattr_setrobust(&attributes, robust);
			pthread_mutexattr_setprotocol(&attributes, kind & 2 ? PTHREAD_PRIO_INHERIT
									    : PTHREAD_PRIO_NONE);
			assert_int_equal(pthread_mutex_init(&mutex, &attributes), 0);
			assert_int_equal(lock_owner(address(&mutex), TRACE_LOCK_MUTEX), 0);
			pthread_mutex_lock(&mutex);
			owner = lock_owner(address(&mutex), TRACE_LOCK_MUTEX);
			assert_int_equal(owner, robust ? 0 : gettid());
			assert_true(lock_is_held_by(address(&mutex), TRACE_LOCK_MUTEX, gettid()));
			assert_false(lock_is_held_by(address(&mutex), TRACE_LOCK_MUTEX, 1));
			pthread_mutex_unlock(&mutex);
			assert_false(lock_is_held_by(address(&mutex), TRACE_LOCK_MUTEX, gettid()));
		}
}

/* Its tid may be another namespace's. */
static void a_mutex_of_several_processes_does_not_tell(void **state)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t mutex;

	(void)state;
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&mutex, &attributes);
	pthread_mutex_lock(&mutex);
	assert_int_equal(lock_owner(address(&mutex), TRACE_LOCK_MUTEX), 0);
	pthread_mutex_unlock(&mutex);
}

static void a_read_write_lock_tells_of_its_writer(void **state)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

	(void)state;
	pthread_rwlock_wrlock(&lock);
	assert_int_equal(lock_owner(address(&lock), TRACE_LOCK_READ), gettid());
	assert_int_equal(lock_owner(address(&lock), TRACE_LOCK_WRITE), gettid());
	assert_true(lock_is_held_by(address(&lock), TRACE_LOCK_WRITE, gettid()));
	pthread_rwlock_unlock(&lock);
	assert_false(lock_is_held_by(address(&lock), TRACE_LOCK_WRITE, gettid()));
	assert_false(lock_is_held_by(address(&lock), TRACE_LOCK_READ, gettid()));
	pthread_rwlock_rdlock(&lock);
	assert_int_equal(lock_owner(address(&lock), TRACE_LOCK_WRITE), 0);
	assert_true(lock_is_held_by(address(&lock), TRACE_LOCK_READ, gettid()));
	pthread_rwlock_unlock(&lock);
}

static void a_spinning_lock_is_held_or_free(void **state)
{
	pthread_spinlock_t lock;

	(void)state;
	pthread_spin_init(&lock, 0);
	assert_false(lock_is_held_by(address((void *)&lock), TRACE_LOCK_SPIN, gettid()));
	pthread_spin_lock(&lock);
	assert_true(lock_is_held_by(address((void *)&lock), TRACE_LOCK_SPIN, gettid()));
	pthread_spin_unlock(&lock);
}

static void a_lock_in_memory_that_is_gone_is_not_held(void **state)
{
	pthread_mutex_t *lock =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	pthread_mutex_lock(lock);
	assert_true(lock_is_held_by(address(lock), TRACE_LOCK_MUTEX, gettid()));
	munmap(lock, 4096);
	assert_false(lock_is_held_by(address(lock), TRACE_LOCK_MUTEX, gettid()));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lock_released_at_once_is_a_gate),
		cmocka_unit_test(work_under_a_lock_is_no_gate),
		cmocka_unit_test(a_call_under_a_lock_is_no_gate),
		cmocka_unit_test(code_that_is_not_known_is_not_read),
		cmocka_unit_test(a_mutex_knows_its_thread),
		cmocka_unit_test(a_mutex_of_several_processes_does_not_tell),
		cmocka_unit_test(a_read_write_lock_tells_of_its_writer),
		cmocka_unit_test(a_spinning_lock_is_held_or_free),
		cmocka_unit_test(a_lock_in_memory_that_is_gone_is_not_held),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
