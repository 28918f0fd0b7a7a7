#include "operations.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "helper.h"
#include "loop.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static bool ready;

static void *hold_mutex(void *unused)
{
	pthread_mutex_lock(&mutex);
	helper_holds();
	helper_wait();
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void prepare_mutex(void)
{
	helper_start_holding(hold_mutex);
}

static void block_mutex(void)
{
	int result;

	helper_begin();
	result = pthread_mutex_lock(&mutex); /* EXPECT error pthread_mutex_lock category=lock case=mutex */
	REQUIRE(result == 0);
	pthread_mutex_unlock(&mutex);
}

static void *make_ready(void *unused)
{
	helper_wait();
	pthread_mutex_lock(&mutex);
	ready = true;
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void prepare_cond(void)
{
	ready = false;
	helper_start(make_ready);
}

static void block_cond(void)
{
	int result = 0;

	pthread_mutex_lock(&mutex); /* EXPECT-NONE: free */
	helper_begin();
	while (!ready && result == 0)
		result = pthread_cond_wait(&condition, &mutex); /* EXPECT error pthread_cond_wait case=cond */
	REQUIRE(result == 0);
	pthread_mutex_unlock(&mutex);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static void *hold_rwlock(void *unused)
{
	pthread_rwlock_wrlock(&rwlock);
	helper_holds();
	helper_wait();
	pthread_rwlock_unlock(&rwlock);
	return unused;
}

static void prepare_rwlock(void)
{
	helper_start_holding(hold_rwlock);
}

static void block_rwlock(void)
{
	int result;

	helper_begin();
	result = pthread_rwlock_rdlock(&rwlock); /* EXPECT error pthread_rwlock_rdlock category=lock case=rwlock */
	REQUIRE(result == 0);
	pthread_rwlock_unlock(&rwlock);
}

static sem_t semaphore;

static void *post_late(void *unused)
{
	helper_wait();
	sem_post(&semaphore);
	return unused;
}

static void prepare_sem(void)
{
	REQUIRE(sem_init(&semaphore, 0, 0) == 0);
	helper_start(post_late);
}

static void block_sem(void)
{
	int result;

	helper_begin();
	result = sem_wait(&semaphore); /* EXPECT error sem_wait case=sem */
	REQUIRE(result == 0);
}

static void *end_late(void *unused)
{
	helper_wait();
	return unused;
}

static void prepare_join(void)
{
	helper_start(end_late);
}

static void block_join(void)
{
	int result;

	helper_begin();
	result = pthread_join(helper_thread(), NULL); /* EXPECT error pthread_join category=thread case=join */
	REQUIRE(result == 0);
}

static pthread_spinlock_t spin;
static atomic_bool spins;

static clockid_t spinner_clock;

static long spinner_ms(void)
{
	struct timespec used;

	REQUIRE(clock_gettime(spinner_clock, &used) == 0);
	return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* A thread without a processor does not spin: what counts is how long it had one. */
static void *hold_spin(void *unused)
{
	long start;

	pthread_spin_lock(&spin);
	helper_holds();
	while (!spins)
		nanosleep(&wait_time, NULL); /* EXPECT-NONE */
	start = spinner_ms();
	do
		nanosleep(&wait_time, NULL); /* EXPECT-NONE */
	while (spinner_ms() < start + WAIT_MS - 10);
	pthread_spin_unlock(&spin);
	return unused;
}

static void prepare_spin(void)
{
	spins = false;
	REQUIRE(pthread_spin_init(&spin, 0) == 0);
	helper_start_holding(hold_spin);
}

/* Nobody sleeps, and all else in the loop waits. */
static void block_spin(void)
{
	int result;

	REQUIRE(pthread_getcpuclockid(pthread_self(), &spinner_clock) == 0);
	spins = true;
	result = pthread_spin_lock(&spin); /* EXPECT error pthread_spin_lock category=lock case=spin_lock */
	REQUIRE(result == 0);
	pthread_spin_unlock(&spin);
}

static pthread_cond_t short_lived;
static atomic_bool interrupted;

static void delay(int signal)
{
	(void)signal;
	interrupted = true;
	nanosleep(&wait_time, NULL); /* EXPECT-NONE: in the helper's thread */
}

/* Woken while it handles a signal: it leaves the condition when the handler returns. */
static void *leave_late(void *unused)
{
	pthread_mutex_lock(&mutex);
	helper_holds();
	while (!ready)
		pthread_cond_wait(&short_lived, &mutex);
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void prepare_cond_destroy(void)
{
	signal(SIGUSR2, delay);
	ready = interrupted = false;
	REQUIRE(pthread_cond_init(&short_lived, NULL) == 0);
	helper_start_holding(leave_late);
	pthread_mutex_lock(&mutex); /* it waits by now */
	pthread_mutex_unlock(&mutex);
}

static void block_cond_destroy(void)
{
	int result;

	REQUIRE(pthread_kill(helper_thread(), SIGUSR2) == 0);
	while (!interrupted)
		sched_yield();
	ready = true;
	pthread_cond_broadcast(&short_lived);
	result = pthread_cond_destroy(&short_lived); /* EXPECT error pthread_cond_destroy category=lock case=cond_destroy */
	REQUIRE(result == 0);
}

const struct operation lock_operations[] = {
	{ "mutex", prepare_mutex, block_mutex, helper_join },
	{ "cond", prepare_cond, block_cond, helper_join },
	{ "rwlock", prepare_rwlock, block_rwlock, helper_join },
	{ "spin_lock", prepare_spin, block_spin, helper_join },
	{ "cond_destroy", prepare_cond_destroy, block_cond_destroy, helper_join },
	{ "sem", prepare_sem, block_sem, helper_join },
	{ "join", prepare_join, block_join, NULL },
	{ 0 },
};
