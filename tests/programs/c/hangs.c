/*
 * A turn that does not end, in one of the ways that a process hangs, to be explained. Prints
 * "ready" before. Labels in comments: where the turn is, or the thread that holds it up.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "yieldsan/yieldsan.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t taken;
static volatile unsigned long steps;

static void *hold_mutex(void *unused)
{
	pthread_mutex_lock(&mutex);
	pthread_barrier_wait(&taken);
	sleep(3600); /* mutex-holder */
	pthread_mutex_unlock(&mutex);
	return unused;
}

static void *hold_rwlock(void *unused)
{
	pthread_rwlock_wrlock(&rwlock);
	pthread_barrier_wait(&taken);
	sleep(3600); /* rwlock-holder */
	pthread_rwlock_unlock(&rwlock);
	return unused;
}

static void *stay(void *unused)
{
	sleep(3600); /* join-holder */
	return unused;
}

static pthread_t start(void *(*run)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, run, NULL);
	return thread;
}

static void read_pipe(int child_writes)
{
	int ends[2];
	char byte;

	if (pipe(ends))
		exit(2);
	if (child_writes && !fork()) {
		close(ends[0]);
		sleep(3600);
		_exit(0);
	}
	if (child_writes)
		close(ends[1]);
	(void)!read(ends[0], &byte, 1); /* pipe pipe_child */
}

/* Past libc: what the runtime has not seen begin is seen from outside. */
static void read_past_libc(void)
{
	int ends[2];
	char byte;
	long result;

	if (pipe(ends))
		exit(2);
	__asm__ volatile("syscall" /* past_libc */
			 : "=a"(result)
			 : "0"((long)SYS_read), "D"((long)ends[0]), "S"(&byte), "d"(1L)
			 : "rcx", "r11", "memory");
}

static void wait_for_child(void)
{
	pid_t child = fork();

	if (!child) {
		sleep(3600);
		_exit(0);
	}
	waitpid(child, NULL, 0); /* child */
}

/* Each thread has one lock and wants the other's. */
static void *cross(void *unused)
{
	yieldsan_turn_begin("hangs");
	pthread_mutex_lock(&other_mutex);
	pthread_barrier_wait(&taken);
	pthread_mutex_lock(&mutex); /* cycle-other */
	yieldsan_turn_end();
	return unused;
}

static void cross_locks(void)
{
	start(cross);
	pthread_mutex_lock(&mutex);
	pthread_barrier_wait(&taken);
	pthread_mutex_lock(&other_mutex); /* cycle */
}

static void relock_for_a_while(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 3600;
	pthread_mutex_lock(&mutex);
	pthread_mutex_timedlock(&mutex, &until); /* relock_timed */
}

static void compute(void)
{
	for (;;)
		steps++; /* busy */
}

static void hang(const char *how)
{
	if (!strcmp(how, "mutex"))
		pthread_mutex_lock(&mutex); /* mutex */
	else if (!strcmp(how, "rwlock"))
		pthread_rwlock_rdlock(&rwlock); /* rwlock */
	else if (!strcmp(how, "join"))
		pthread_join(start(stay), NULL); /* join */
	else if (!strncmp(how, "pipe", 4))
		read_pipe(how[4] != '\0');
	else if (!strcmp(how, "past_libc"))
		read_past_libc();
	else if (!strcmp(how, "child"))
		wait_for_child();
	else if (!strcmp(how, "sleep"))
		sleep(3600); /* sleep */
	else if (!strcmp(how, "busy"))
		compute();
	else if (!strcmp(how, "cycle"))
		cross_locks();
	else if (!strcmp(how, "relock_timed"))
		relock_for_a_while();
	else if (!strcmp(how, "relock")) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_lock(&mutex); /* relock */
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	pthread_barrier_init(&taken, NULL, 2);
	if (!strcmp(how, "mutex") || !strcmp(how, "rwlock")) {
		start(*how == 'm' ? hold_mutex : hold_rwlock);
		pthread_barrier_wait(&taken);
	}
	puts("ready");
	fflush(stdout);
	yieldsan_turn_begin("hangs");
	hang(how);
	yieldsan_turn_end();
	pause();
	return 0;
}
