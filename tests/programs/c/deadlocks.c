/*
 * Waits for locks that never end, or not for long:
 *
 *	deadlocks CASE
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

#define FIRST 4
#define LATER (FIRST + 4)
#define LAST  (FIRST + 8)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static _Atomic unsigned ready;

/* One turn takes a lock twice. */
static void self(unsigned turn)
{
	if (turn != FIRST)
		return;
	pthread_mutex_lock(&mutex); /* EXPECT error deadlock role=holding case=self */
	pthread_mutex_lock(&mutex); /* EXPECT error deadlock role=waiting case=self ALLOW error pthread_mutex_lock case=self */
}

/* What an earlier turn of the same loop has left locked can only be unlocked by a later one. */
static void suspended(unsigned turn)
{
	if (turn == FIRST)
		pthread_mutex_lock(&mutex); /* EXPECT error deadlock role=holding case=suspended EXPECT error lock-across-yield role=acquired case=suspended */
	if (turn == LATER)
		pthread_mutex_lock(&mutex); /* EXPECT error deadlock role=waiting case=suspended ALLOW error pthread_mutex_lock case=suspended */
}

/* The same with a reader that would write. */
static void upgrade(unsigned turn)
{
	if (turn == FIRST)
		pthread_rwlock_rdlock(&rwlock); /* EXPECT error deadlock role=holding case=upgrade EXPECT error lock-across-yield role=acquired case=upgrade */
	if (turn == LATER)
		pthread_rwlock_wrlock(&rwlock); /* EXPECT error deadlock role=waiting case=upgrade ALLOW error pthread_rwlock_wrlock case=upgrade */
}

static void meet(void)
{
	ready++;
	while (ready < 2)
		;
}

static void one_way(unsigned turn)
{
	if (turn != FIRST)
		return;
	pthread_mutex_lock(&mutex); /* EXPECT error deadlock role=holding case=cycle */
	meet();
	pthread_mutex_lock(&other); /* EXPECT error deadlock role=waiting case=cycle ALLOW error pthread_mutex_lock case=cycle */
}

static void other_way(unsigned turn)
{
	if (turn != FIRST)
		return;
	pthread_mutex_lock(&other); /* EXPECT error deadlock role=holding case=cycle */
	meet();
	pthread_mutex_lock(&mutex); /* EXPECT error deadlock role=waiting case=cycle ALLOW error pthread_mutex_lock case=cycle */
}

static void *run_other(void *unused)
{
	loop_run(LAST, other_way);
	return unused;
}

static void cycle(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, run_other, NULL) == 0);
	loop_run(LAST, one_way);
}

/* A thread without turns, which is slow. */
static void *hold(void *unused)
{
	pthread_mutex_lock(&mutex); /* EXPECT-NONE */
	ready = 1;
	usleep(2500000);
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void want(unsigned turn)
{
	if (turn != FIRST)
		return;
	pthread_mutex_lock(&mutex); /* EXPECT warning|error deadlock role=waiting case=slow EXPECT error pthread_mutex_lock case=slow */
	pthread_mutex_unlock(&mutex);
}

static void slow(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, hold, NULL) == 0);
	while (!ready)
		usleep(1000);
	loop_run(LAST, want);
	REQUIRE(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	if (!strcmp(argv[1], "self"))
		loop_run(LAST, self);
	else if (!strcmp(argv[1], "suspended"))
		loop_run(LAST, suspended);
	else if (!strcmp(argv[1], "upgrade"))
		loop_run(LAST, upgrade);
	else if (!strcmp(argv[1], "cycle"))
		cycle();
	else if (!strcmp(argv[1], "slow"))
		slow();
	else
		REQUIRE(!"a case");
	printf("done\n");
	return 0;
}
