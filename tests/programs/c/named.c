/*
 * Threads that options speak of by name, and a function that one speaks of:
 *
 *	named pump|loop|leave|spin|steps
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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

static void spin(long milliseconds)
{
	struct timespec start, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do {
		for (volatile unsigned i = 0; i < 100000; i++) /* EXPECT error busy kind=long-turn case=spin */
			;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 <
		 milliseconds);
}

/* Waits for nothing but time. */
static void poll_loop(unsigned turns, void (*callback)(unsigned turn))
{
	for (unsigned turn = 0; turn < turns; turn++) {
		REQUIRE(poll(NULL, 0, 1) == 0);
		callback(turn);
	}
	REQUIRE(poll(NULL, 0, 0) == 0);
}

static void spin_once(unsigned turn)
{
	if (turn == 3)
		spin(300);
}

/* Before its first wait and after its last, the thread's purpose is unknown. */
static void *spinning_loop(void *unused)
{
	REQUIRE(pthread_setname_np(pthread_self(), "pump-1") == 0);
	spin(150);
	poll_loop(6, spin_once);
	spin(50);
	return unused;
}

static void step(unsigned turn)
{
	(void)turn;
	spin(1);
}

static void *stepping_loop(void *unused)
{
	REQUIRE(pthread_setname_np(pthread_self(), "pump-1") == 0);
	poll_loop(200, step);
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
	static const struct {
		const char *name;
		void *(*run)(void *);
	} cases[] = { { "pump", pump },
		      { "loop", loop },
		      { "leave", loop_with_leave },
		      { "spin", spinning_loop },
		      { "steps", stepping_loop } };
	unsigned chosen = 0;
	pthread_t thread;

	REQUIRE(argc == 2);
	while (chosen < sizeof cases / sizeof *cases && strcmp(argv[1], cases[chosen].name) != 0)
		chosen++;
	REQUIRE(chosen < sizeof cases / sizeof *cases);
	REQUIRE(pthread_create(&thread, NULL, cases[chosen].run, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	printf("done\n");
	return 0;
}
