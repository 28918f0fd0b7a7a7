/*
 * Threads that options speak of by name, and a function that one speaks of:
 *
 *	named pump|loop|leave
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "helper.h"
#include "loop.h"

static void *pump(void *unused)
{
	REQUIRE(pthread_setname_np(pthread_self(), "pump-1") == 0);
	nanosleep(&wait_time, NULL); /* EXPECT error nanosleep category=sleep case=pump */
	return unused;
}

static void block(unsigned turn)
{
	if (turn == 3)
		nanosleep(&wait_time, NULL); /* EXPECT error nanosleep category=sleep case=loop */
}

static void *loop(void *unused)
{
	REQUIRE(pthread_setname_np(pthread_self(), "quiet-1") == 0);
	loop_run(6, block);
	return unused;
}

__attribute__((noinline)) static void blocks_by_leave(void)
{
	nanosleep(&wait_time, NULL); /* EXPECT error nanosleep category=sleep case=leave */
	__asm__ volatile("");	     /* or the call is the function's last, and jumps */
}

static void leave(unsigned turn)
{
	if (turn == 3) {
		blocks_by_leave();
		nanosleep(&wait_time, NULL); /* EXPECT error nanosleep case=beside */
	}
}

static void *loop_with_leave(void *unused)
{
	loop_run(6, leave);
	return unused;
}

int main(int argc, char **argv)
{
	void *(*run)(void *);
	pthread_t thread;

	REQUIRE(argc == 2);
	run = !strcmp(argv[1], "pump") ? pump : !strcmp(argv[1], "loop") ? loop
									 : loop_with_leave;
	REQUIRE(pthread_create(&thread, NULL, run, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	printf("done\n");
	return 0;
}
