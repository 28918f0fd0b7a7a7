/* A lock that is tried first behaves as one that is not: same results, same owner, same depth. */
#include "calls_seen.h"

#include <errno.h>

#define DEADLINE_PAST (&(struct timespec){ 1, 0 })
#define DEADLINE_BAD  (&(struct timespec){ 1, -1 })

static void make(pthread_mutex_t *mutex, int type, int robust, int protocol)
{
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, type);
	pthread_mutexattr_setrobust(&kind, robust);
	pthread_mutexattr_setprotocol(&kind, protocol);
	assert_int_equal(pthread_mutex_init(mutex, &kind), 0);
}

/* The same act in a turn and outside. */
#define IN_BOTH(expression, expected)                                                              \
	do {                                                                                       \
		int outside = (expression), inside;                                                \
                                                                                                   \
		turn_enter();                                                                      \
		inside = (expression);                                                             \
		turn_leave();                                                                      \
		assert_int_equal(outside, expected);                                               \
		assert_int_equal(inside, expected);                                                \
	} while (0)

static void an_error_checking_mutex_knows_its_owner(void **state)
{
	pthread_mutex_t mutex;

	(void)state;
	make(&mutex, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
	turn_enter();
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	turn_leave();
	IN_BOTH(pthread_mutex_lock(&mutex), EDEADLK);
	IN_BOTH(pthread_mutex_timedlock(&mutex, DEADLINE_PAST), EDEADLK);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
	assert_int_equal(pthread_mutex_unlock(&mutex), EPERM);
}

static void a_recursive_mutex_counts(void **state)
{
	pthread_mutex_t mutex;

	(void)state;
	make(&mutex, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE);
	IN_BOTH(pthread_mutex_lock(&mutex), 0);
	IN_BOTH(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, DEADLINE_PAST), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_mutex_unlock(&mutex), 0);
	assert_int_equal(pthread_mutex_unlock(&mutex), EPERM);
}

static void *dies_with_it(void *mutex)
{
	pthread_mutex_lock(mutex);
	return NULL;
}

static void a_robust_mutex_tells_of_a_dead_owner(void **state)
{
	pthread_mutex_t mutex;
	pthread_t thread;

	(void)state;
	for (int protocol = PTHREAD_PRIO_NONE; protocol <= PTHREAD_PRIO_INHERIT; protocol++) {
		make(&mutex, PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_ROBUST, protocol);
		pthread_create(&thread, NULL, dies_with_it, &mutex);
		pthread_join(thread, NULL);
		turn_enter();
		assert_int_equal(pthread_mutex_lock(&mutex), EOWNERDEAD);
		turn_leave();
		/* not made consistent: lost */
		assert_int_equal(pthread_mutex_unlock(&mutex), 0);
		IN_BOTH(pthread_mutex_lock(&mutex), ENOTRECOVERABLE);
	}
}

static void a_priority_inheriting_mutex_is_handed_over(void **state)
{
	pthread_mutex_t mutex;

	(void)state;
	make(&mutex, PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT);
	turn_enter();
	assert_int_equal(pthread_mutex_lock(&mutex), 0);
	turn_leave();
	IN_BOTH(pthread_mutex_lock(&mutex), EDEADLK);
	assert_int_equal(pthread_mutex_unlock(&mutex), 0);
}

static void read_and_write_locks_keep_their_rules(void **state)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

	(void)state;
	IN_BOTH(pthread_rwlock_rdlock(&lock), 0);
	pthread_rwlock_unlock(&lock);
	pthread_rwlock_unlock(&lock);
	pthread_rwlock_wrlock(&lock);
	IN_BOTH(pthread_rwlock_rdlock(&lock), EDEADLK);
	IN_BOTH(pthread_rwlock_wrlock(&lock), EDEADLK);
	IN_BOTH(pthread_rwlock_timedrdlock(&lock, DEADLINE_PAST), EDEADLK);
	pthread_rwlock_unlock(&lock);
}

/* glibc looks at these before it looks at the lock. */
static void arguments_that_are_refused_are_refused_of_a_free_lock(void **state)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	sem_t semaphore;

	(void)state;
	sem_init(&semaphore, 0, 1);
	IN_BOTH(pthread_rwlock_timedwrlock(&lock, DEADLINE_BAD), EINVAL);
	IN_BOTH(pthread_rwlock_clockrdlock(&lock, 99, DEADLINE_PAST), EINVAL);
	IN_BOTH(pthread_mutex_clocklock(&mutex, 99, DEADLINE_PAST), EINVAL);
	IN_BOTH(sem_timedwait(&semaphore, DEADLINE_BAD) ? errno : 0, EINVAL);
	IN_BOTH(sem_clockwait(&semaphore, 99, DEADLINE_PAST) ? errno : 0, EINVAL);
}

static void a_semaphore_leaves_errno_alone(void **state)
{
	sem_t semaphore;

	(void)state;
	sem_init(&semaphore, 0, 1);
	turn_enter();
	errno = 4711;
	assert_int_equal(sem_wait(&semaphore), 0);
	assert_int_equal(errno, 4711);
	assert_int_equal(sem_timedwait(&semaphore, DEADLINE_PAST), -1);
	assert_int_equal(errno, ETIMEDOUT);
	turn_leave();
}

static sem_t cancelled_semaphore;

static void *waits_cancelled(void *data)
{
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	while (!__atomic_load_n((int *)data, __ATOMIC_ACQUIRE))
		;
	turn_enter();
	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	sem_wait(&cancelled_semaphore); /* free, and yet a cancellation point */
	return data;
}

static void a_free_semaphore_is_a_cancellation_point(void **state)
{
	pthread_t thread;
	void *result;
	int go = 0;

	(void)state;
	sem_init(&cancelled_semaphore, 0, 1);
	pthread_create(&thread, NULL, waits_cancelled, &go);
	pthread_cancel(thread);
	__atomic_store_n(&go, 1, __ATOMIC_RELEASE);
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_int_equal(sem_trywait(&cancelled_semaphore), 0);
}

static pthread_mutex_t condition_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int condition_met;

static void *meets(void *data)
{
	pthread_mutex_lock(&condition_mutex);
	condition_met = 1;
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&condition_mutex);
	return data;
}

/* The oldest version of these symbols has another layout. */
static void condition_variables_wait_and_wake(void **state)
{
	pthread_t thread;

	(void)state;
	for (int in_turn = 0; in_turn < 2; in_turn++) {
		condition_met = 0;
		pthread_mutex_lock(&condition_mutex);
		pthread_create(&thread, NULL, meets, NULL);
		if (in_turn)
			turn_enter();
		while (!condition_met)
			assert_int_equal(pthread_cond_wait(&condition, &condition_mutex), 0);
		if (in_turn)
			turn_leave();
		pthread_mutex_unlock(&condition_mutex);
		pthread_join(thread, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_checking_mutex_knows_its_owner),
		cmocka_unit_test(a_recursive_mutex_counts),
		cmocka_unit_test(a_robust_mutex_tells_of_a_dead_owner),
		cmocka_unit_test(a_priority_inheriting_mutex_is_handed_over),
		cmocka_unit_test(read_and_write_locks_keep_their_rules),
		cmocka_unit_test(arguments_that_are_refused_are_refused_of_a_free_lock),
		cmocka_unit_test(a_semaphore_leaves_errno_alone),
		cmocka_unit_test(a_free_semaphore_is_a_cancellation_point),
		cmocka_unit_test(condition_variables_wait_and_wake),
	};

	return RUN_SEEN(tests);
}
