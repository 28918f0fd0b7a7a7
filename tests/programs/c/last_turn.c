/*
 * A loop that blocks in its last turn, and is left then, in threads and in the process:
 *
 *	last_turn return|longjmp|pthread_exit|exit|counted
 *
 * What the loop's function does behind the loop does not belong to it.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static const struct timespec moment = { 0, 20000000 };
static const char *way;
static volatile unsigned turns;
static volatile bool stopped;

__attribute__((noinline)) static void handle(jmp_buf out)
{
	if (++turns % 10)
		return;
	nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=called */
	if (!strcmp(way, "longjmp"))
		longjmp(out, 1);
	if (!strcmp(way, "pthread_exit"))
		pthread_exit(NULL);
	if (!strcmp(way, "exit") && turns == 20) {
		printf("done\n");
		exit(0);
	}
	stopped = true;
}

__attribute__((noinline)) static void run(jmp_buf out)
{
	int queue = epoll_create1(EPOLL_CLOEXEC), ready = eventfd(1, EFD_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN };

	REQUIRE(epoll_ctl(queue, EPOLL_CTL_ADD, ready, &event) == 0);
	while (!stopped) {
		REQUIRE(epoll_wait(queue, &event, 1, -1) == 1);
		handle(out);
	}
	nanosleep(&moment, NULL); /* EXPECT-NONE: behind the loop */
	close(ready);
	close(queue);
}

/* The compiler sees that no way leads from the last turn back to the wait. */
__attribute__((noinline)) static void run_counted(void)
{
	int queue = epoll_create1(EPOLL_CLOEXEC), ready = eventfd(1, EFD_NONBLOCK);
	struct epoll_event event = { .events = EPOLLIN };

	REQUIRE(epoll_ctl(queue, EPOLL_CTL_ADD, ready, &event) == 0);
	for (int i = 0; i < 21; i++) {
		REQUIRE(epoll_wait(queue, &event, 1, -1) == 1);
		if (i == 20)
			nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=counted */
	}
	nanosleep(&moment, NULL); /* EXPECT-NONE: behind the loop */
	close(ready);
	close(queue);
}

static void *run_in_thread(void *unused)
{
	jmp_buf out;

	stopped = false;
	if (!strcmp(way, "counted"))
		run_counted();
	else if (!setjmp(out))
		run(out);
	nanosleep(&moment, NULL); /* EXPECT-NONE */
	return unused;
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	way = argv[1];
	for (int i = 0; i < 2; i++) {
		pthread_t thread;

		REQUIRE(pthread_create(&thread, NULL, run_in_thread, NULL) == 0);
		REQUIRE(pthread_join(thread, NULL) == 0);
	}
	nanosleep(&moment, NULL); /* EXPECT-NONE */
	printf("done\n");
	return 0;
}
