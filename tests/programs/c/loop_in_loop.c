/*
 * A wait in a turn of a loop, for other descriptors, again and again:
 *
 *	loop_in_loop follows|killed|called
 *
 * follows: the first loop is over, and left its descriptor open; the second is the server's. killed: the process is
 * killed in the second. called: the second is a client's, which blocks the first loop's handler.
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static const struct timespec moment = { 0, 30000000 };

static int timer_create_every(long ns)
{
	const struct itimerspec every = { { 0, ns }, { 0, ns } };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	REQUIRE(timer >= 0 && timerfd_settime(timer, 0, &every, NULL) == 0);
	return timer;
}

static int queue_create(int *timer, long ns)
{
	struct epoll_event event = { .events = EPOLLIN };
	int queue = epoll_create1(EPOLL_CLOEXEC);

	*timer = timer_create_every(ns);
	REQUIRE(epoll_ctl(queue, EPOLL_CTL_ADD, *timer, &event) == 0);
	return queue;
}

__attribute__((noinline)) static void serve(int turns)
{
	struct epoll_event ready;
	uint64_t ticks;
	int timer, queue = queue_create(&timer, 2000000);

	for (int i = 0; i < turns; i++) {
		REQUIRE(epoll_wait(queue, &ready, 1, -1) == 1); /* EXPECT-NONE */
		REQUIRE(read(timer, &ticks, sizeof(ticks)) > 0);
		if (i >= 8)
			nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=follows|killed */
	}
}

static void *kill_late(void *unused)
{
	nanosleep(&(struct timespec){ 1, 0 }, NULL);
	kill(getpid(), SIGKILL);
	return unused;
}

/* Of a service that answers in several parts. */
__attribute__((noinline)) static void ask(void)
{
	struct epoll_event ready;
	uint64_t ticks;
	int timer, queue = queue_create(&timer, 120000000);

	for (int i = 0; i < 5; i++) {
		REQUIRE(epoll_wait(queue, &ready, 1, -1) == 1); /* EXPECT error epoll_wait case=called */
		REQUIRE(read(timer, &ticks, sizeof(ticks)) > 0);
	}
	close(queue);
	close(timer);
}

int main(int argc, char **argv)
{
	struct epoll_event ready;
	uint64_t ticks;
	int timer, queue = queue_create(&timer, 2000000);

	REQUIRE(argc == 2);
	for (int i = 0; i < 20; i++) {
		REQUIRE(epoll_wait(queue, &ready, 1, -1) == 1);
		REQUIRE(read(timer, &ticks, sizeof(ticks)) > 0);
		if (!strcmp(argv[1], "called") && i % 6 == 5)
			ask();
	}
	if (!strcmp(argv[1], "follows"))
		serve(20);
	if (!strcmp(argv[1], "killed")) {
		pthread_t thread;

		REQUIRE(pthread_create(&thread, NULL, kill_late, NULL) == 0);
		serve(1000);
	}
	printf("done\n");
	return 0;
}
