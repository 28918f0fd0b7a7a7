/*
 * Locks taken in one turn of a loop and given back in another, and what looks alike:
 *
 *	locks_<loop> CASE
 *
 * GLib's own locks are in locks_glib.c.
 */
#include "locks.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "yieldsan/yieldsan.h"

/* Turns: as in a program that has been running for a while. */
#define FIRST 4
#define TAKE  FIRST
#define GIVE  (FIRST + 12) /* the other thread has come by then */
#define LAST  (FIRST + 16)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_mutex_t robust;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spin;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_t thread;
static mtx_t standard;
static sem_t semaphore;
static int file = -1;
static char marked;
static _Atomic int step;

static struct timespec in_a_second(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	time.tv_sec++;
	return time;
}

static void give_mutex(void)
{
	REQUIRE(pthread_mutex_unlock(&mutex) == 0);
}

static void take_mutex(void)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0); /* EXPECT warning lock-across-yield role=acquired case=plain */
}

/* A coroutine of the program's own is left, within the turn. */
static void take_and_yield(void)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0); /* EXPECT error lock-across-yield role=acquired case=yield */
	yieldsan_yield();
	REQUIRE(pthread_mutex_unlock(&mutex) == 0);
	yieldsan_yield();
}

/* A lock by option. */
static void take_semaphore(void)
{
	REQUIRE(sem_wait(&semaphore) == 0); /* EXPECT warning lock-across-yield role=acquired case=semaphore */
}

static void give_semaphore(void)
{
	REQUIRE(sem_post(&semaphore) == 0);
}

static void prepare_semaphore(void)
{
	REQUIRE(sem_init(&semaphore, 0, 1) == 0);
}

static void take_timed(void)
{
	struct timespec deadline = in_a_second(CLOCK_REALTIME);

	REQUIRE(pthread_mutex_timedlock(&mutex, &deadline) == 0); /* EXPECT warning lock-across-yield role=acquired case=timed */
}

static void take_clock(void)
{
	struct timespec deadline = in_a_second(CLOCK_MONOTONIC);

	REQUIRE(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &deadline) == 0); /* EXPECT warning lock-across-yield role=acquired case=clock */
}

static void take_try(void)
{
	REQUIRE(pthread_mutex_trylock(&mutex) == 0); /* EXPECT warning lock-across-yield role=acquired case=try */
}

/* Taken twice, given back once before the loop waits. */
static void take_recursive(void)
{
	REQUIRE(pthread_mutex_lock(&recursive) == 0); /* EXPECT warning lock-across-yield role=acquired case=recursive */
	REQUIRE(pthread_mutex_lock(&recursive) == 0);
	REQUIRE(pthread_mutex_unlock(&recursive) == 0);
}

static void give_recursive(void)
{
	REQUIRE(pthread_mutex_unlock(&recursive) == 0);
}

static void take_read(void)
{
	REQUIRE(pthread_rwlock_rdlock(&rwlock) == 0); /* EXPECT warning lock-across-yield role=acquired case=read */
}

static void take_write(void)
{
	REQUIRE(pthread_rwlock_wrlock(&rwlock) == 0); /* EXPECT warning lock-across-yield role=acquired case=write */
}

static void take_timed_write(void)
{
	struct timespec deadline = in_a_second(CLOCK_REALTIME);

	REQUIRE(pthread_rwlock_timedwrlock(&rwlock, &deadline) == 0); /* EXPECT warning lock-across-yield role=acquired case=timed_write */
}

static void give_rwlock(void)
{
	REQUIRE(pthread_rwlock_unlock(&rwlock) == 0);
}

static void prepare_spin(void)
{
	REQUIRE(pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE) == 0);
}

static void take_spin(void)
{
	REQUIRE(pthread_spin_lock(&spin) == 0); /* EXPECT warning lock-across-yield role=acquired case=spin */
}

static void give_spin(void)
{
	REQUIRE(pthread_spin_unlock(&spin) == 0);
}

static void prepare_standard(void)
{
	REQUIRE(mtx_init(&standard, mtx_plain) == thrd_success);
}

static void take_standard(void)
{
	REQUIRE(mtx_lock(&standard) == thrd_success); /* EXPECT warning lock-across-yield role=acquired case=mtx */
}

static void give_standard(void)
{
	REQUIRE(mtx_unlock(&standard) == thrd_success);
}

static void *die_holding(void *unused)
{
	REQUIRE(pthread_mutex_lock(&robust) == 0); /* EXPECT-NONE: a thread without turns */
	return unused;
}

static void prepare_robust(void)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	REQUIRE(pthread_mutex_init(&robust, &attributes) == 0);
	REQUIRE(pthread_create(&thread, NULL, die_holding, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE: outside any loop */
}

static void take_robust(void)
{
	REQUIRE(pthread_mutex_lock(&robust) == EOWNERDEAD); /* EXPECT warning lock-across-yield role=acquired case=robust */
	REQUIRE(pthread_mutex_consistent(&robust) == 0);
}

static void give_robust(void)
{
	REQUIRE(pthread_mutex_unlock(&robust) == 0);
}

static void take_and_give_robust(void)
{
	REQUIRE(pthread_mutex_lock(&robust) == EOWNERDEAD); /* EXPECT-NONE: given back in this turn */
	REQUIRE(pthread_mutex_consistent(&robust) == 0);
	REQUIRE(pthread_mutex_unlock(&robust) == 0);
}

/* Files. */

static void prepare_file(void)
{
	file = open("lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	REQUIRE(file >= 0);
}

static void finish_file(void)
{
	close(file);
}

static void take_flock(void)
{
	REQUIRE(flock(file, LOCK_EX | LOCK_NB) == 0); /* EXPECT notice lock-across-yield role=acquired case=file_lock */
}

static void give_flock(void)
{
	REQUIRE(flock(file, LOCK_UN) == 0);
}

static void take_lockf(void)
{
	REQUIRE(lockf(file, F_TLOCK, 10) == 0); /* EXPECT notice lock-across-yield role=acquired case=lockf */
}

static void give_lockf(void)
{
	REQUIRE(lockf(file, F_ULOCK, 10) == 0);
}

static void take_ofd(void)
{
	struct flock range = { .l_type = F_WRLCK, .l_len = 10 };

	REQUIRE(fcntl(file, F_OFD_SETLK, &range) == 0); /* EXPECT notice lock-across-yield role=acquired case=ofd */
}

static void give_ofd(void)
{
	struct flock range = { .l_type = F_UNLCK, .l_len = 10 };

	REQUIRE(fcntl(file, F_OFD_SETLK, &range) == 0);
}

/* Others come in. */

static void take_awaited(void)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0); /* EXPECT error lock-across-yield role=acquired case=awaited */
}

static void *want(void *unused)
{
	while (step != 1) /* the loop has waited since it took the mutex */
		usleep(1000);
	REQUIRE(pthread_mutex_lock(&mutex) == 0); /* EXPECT-NONE: a thread without turns may wait */
	step = 2;
	REQUIRE(pthread_mutex_unlock(&mutex) == 0);
	return unused;
}

static void start_want(void)
{
	REQUIRE(pthread_create(&thread, NULL, want, NULL) == 0);
}

static void join(void)
{
	REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE: outside any loop */
}

static void take_for_foreigner(void)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0); /* EXPECT error foreign-unlock role=acquired case=foreign ALLOW warning lock-across-yield role=acquired case=foreign */
}

static void *give_foreign(void *unused)
{
	while (step != 1)
		usleep(1000);
	REQUIRE(pthread_mutex_unlock(&mutex) == 0); /* EXPECT error foreign-unlock role=released case=foreign */
	return unused;
}

static void start_foreigner(void)
{
	REQUIRE(pthread_create(&thread, NULL, give_foreign, NULL) == 0);
}

static void *give_early(void *unused)
{
	REQUIRE(pthread_mutex_unlock(&mutex) == 0); /* not of the thread that took it */
	return unused;
}

/* Released within the turn: the other thread's release looks like any. */
static void take_for_early_foreigner(void)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0); /* EXPECT error foreign-unlock role=acquired case=foreign_early */
	REQUIRE(pthread_create(&thread, NULL, give_early, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0); /* ALLOW error pthread_join case=foreign_early */
}

/* Destroyed while it is held, as at a program's end: a fault, and none of another thread's. */
static void take_and_destroy(void)
{
	static pthread_mutex_t short_lived = PTHREAD_MUTEX_INITIALIZER;

	REQUIRE(pthread_mutex_lock(&short_lived) == 0); /* EXPECT-NONE */
	pthread_mutex_destroy(&short_lived);
	memset(&short_lived, 0xff, sizeof short_lived);
}

/* A lock that is inline code, and marked. */
static void take_marked(void)
{
	yieldsan_lock_acquired(&marked); /* EXPECT warning lock-across-yield role=acquired case=marked */
	marked = 1;			 /* the mark is no jump out of this function */
}

static void give_marked(void)
{
	yieldsan_lock_released(&marked);
}

/* The negatives. */

/* From the turn on it is the other thread's. */
static void take_and_hand_over(void)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0); /* EXPECT-NONE */
	yieldsan_lock_handed_over(&mutex);
}

static void *give_handed_over(void *unused)
{
	while (step != 1)
		usleep(1000);
	pthread_mutex_unlock(&mutex); /* EXPECT-NONE */
	return unused;
}

static void start_receiver(void)
{
	REQUIRE(pthread_create(&thread, NULL, give_handed_over, NULL) == 0);
}

static void take_and_give(void)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0);
	REQUIRE(pthread_rwlock_rdlock(&rwlock) == 0);
	REQUIRE(pthread_rwlock_unlock(&rwlock) == 0);
	REQUIRE(pthread_rwlock_trywrlock(&rwlock) == 0);
	REQUIRE(pthread_mutex_lock(&recursive) == 0);
	REQUIRE(pthread_mutex_lock(&recursive) == 0);
	REQUIRE(pthread_mutex_unlock(&recursive) == 0);
	REQUIRE(pthread_mutex_unlock(&recursive) == 0);
	REQUIRE(pthread_rwlock_unlock(&rwlock) == 0);
	REQUIRE(pthread_mutex_unlock(&mutex) == 0);
}

/* Waits for a condition give the mutex back, and take it again. */
static void wait_for_condition(void)
{
	struct timespec past = { 0 };

	REQUIRE(pthread_mutex_lock(&mutex) == 0);
	REQUIRE(pthread_cond_timedwait(&condition, &mutex, &past) == ETIMEDOUT);
	REQUIRE(pthread_mutex_unlock(&mutex) == 0);
}

static void fail_to_take(void)
{
	struct timespec past = { 0 };

	REQUIRE(pthread_mutex_trylock(&mutex) == EBUSY);
	REQUIRE(pthread_mutex_timedlock(&mutex, &past) == ETIMEDOUT);
	REQUIRE(pthread_rwlock_trywrlock(&rwlock) == EBUSY);
	REQUIRE(pthread_rwlock_tryrdlock(&rwlock) == EBUSY);
}

static void *hold_all(void *unused)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0);
	REQUIRE(pthread_rwlock_wrlock(&rwlock) == 0);
	step = 1;
	while (step != 2)
		usleep(1000);
	REQUIRE(pthread_rwlock_unlock(&rwlock) == 0);
	REQUIRE(pthread_mutex_unlock(&mutex) == 0);
	return unused;
}

/* A thread beside the loop holds its locks as long as it likes. */
static void start_holder(void)
{
	REQUIRE(pthread_create(&thread, NULL, hold_all, NULL) == 0);
	while (step != 1)
		usleep(1000);
}

static void stop_holder(void)
{
	step = 2;
	join();
}

/* Taken before the loop and kept for life. */
static void take_for_life(void)
{
	REQUIRE(pthread_mutex_lock(&mutex) == 0);
	REQUIRE(pthread_rwlock_wrlock(&rwlock) == 0);
}

/* Taken before the loop, given back in a turn of it, and another the other way round, in turn. */
static void hand_over_hand(void)
{
	REQUIRE(pthread_mutex_lock(&other) == 0);
	REQUIRE(pthread_mutex_unlock(&other) == 0);
}

static void nothing(void)
{
}

static const struct lock_case cases[] = {
	{ "plain", NULL, take_mutex, give_mutex, NULL },
	{ "yield", NULL, take_and_yield, nothing, NULL },
	{ "semaphore", prepare_semaphore, take_semaphore, give_semaphore, NULL },
	{ "timed", NULL, take_timed, give_mutex, NULL },
	{ "clock", NULL, take_clock, give_mutex, NULL },
	{ "try", NULL, take_try, give_mutex, NULL },
	{ "recursive", NULL, take_recursive, give_recursive, NULL },
	{ "read", NULL, take_read, give_rwlock, NULL },
	{ "write", NULL, take_write, give_rwlock, NULL },
	{ "timed_write", NULL, take_timed_write, give_rwlock, NULL },
	{ "spin", prepare_spin, take_spin, give_spin, NULL },
	{ "mtx", prepare_standard, take_standard, give_standard, NULL },
	{ "robust", prepare_robust, take_robust, give_robust, NULL },
	{ "file_lock", prepare_file, take_flock, give_flock, finish_file },
	{ "lockf", prepare_file, take_lockf, give_lockf, finish_file },
	{ "ofd", prepare_file, take_ofd, give_ofd, finish_file },
	{ "awaited", start_want, take_awaited, give_mutex, join },
	{ "foreign", start_foreigner, take_for_foreigner, nothing, join },
	{ "foreign_early", NULL, take_for_early_foreigner, nothing, NULL },
	{ "destroyed", NULL, take_and_destroy, nothing, NULL },
	{ "marked", NULL, take_marked, give_marked, NULL },
	{ "handed_over", start_receiver, take_and_hand_over, nothing, join },
	{ "released", NULL, take_and_give, take_and_give, NULL },
	{ "robust_released", prepare_robust, take_and_give_robust, nothing, NULL },
	{ "condition", NULL, wait_for_condition, wait_for_condition, NULL },
	{ "busy", start_holder, fail_to_take, fail_to_take, stop_holder },
	{ "for_life", take_for_life, hand_over_hand, hand_over_hand, NULL },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct lock_case *chosen;

static void turn(unsigned number)
{
	if (number == TAKE)
		chosen->take();
	if (number == TAKE + 2 && !step)
		step = 1;
	if (number == GIVE)
		chosen->give();
}

static const struct lock_case *find(const struct lock_case *all, const char *name)
{
	for (; all && all->name; all++)
		if (!strcmp(all->name, name))
			return all;
	return NULL;
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	chosen = find(cases, argv[1]);
	if (!chosen)
		chosen = find(library_lock_cases, argv[1]);
	REQUIRE(chosen);
	if (chosen->prepare)
		chosen->prepare();
	loop_run(LAST, turn);
	if (chosen->finish)
		chosen->finish();
	printf("done\n");
	return 0;
}
