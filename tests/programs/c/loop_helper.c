/*
 * A loop whose wait is in a function of its own, which returns before the handlers are called:
 *
 *	loop_helper ticks|quiet|polled|behind
 *
 * ticks: most turns call nothing; one in 20, and none of the first 64, reads a request and sleeps.
 * quiet: no call at all but the one that sleeps. polled: the same with poll.
 * behind: what is called as the loop is called, but once and behind it, does not belong to it.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

#define TICK_MS 2

static const struct timespec moment = { 0, 20000000 };
static int queue, requests[2], other[2];
static volatile unsigned state;

__attribute__((noinline)) static int wait_for_events(struct epoll_event *events, int room)
{
	int count = epoll_wait(queue, events, room, TICK_MS);

	__asm__ volatile("");
	return count;
}

__attribute__((noinline)) static int poll_for_events(void)
{
	struct pollfd fds[] = { { .fd = requests[0], .events = POLLIN }, { .fd = other[0], .events = POLLIN } };
	int count = poll(fds, 2, TICK_MS);

	__asm__ volatile("");
	return count;
}

__attribute__((noinline)) static void on_request(int fd)
{
	char byte;

	if (read(fd, &byte, 1) == 1)	  /* EXPECT warning read category=pipe case=ticks */
		nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=ticks */
	__asm__ volatile("");
}

__attribute__((noinline)) static void on_tick(unsigned turn)
{
	state += turn;
	if (turn % 10 == 9)
		nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=quiet|polled */
	__asm__ volatile("");
}

static void run_ticks(void)
{
	struct epoll_event events[8];

	for (unsigned turn = 0; turn < 200; turn++) {
		int count;

		if (turn >= 64 && turn % 20 == 0)
			REQUIRE(write(requests[1], "x", 1) == 1); /* EXPECT warning write category=pipe case=ticks */
		count = wait_for_events(events, 8);
		for (int i = 0; i < count; i++)
			on_request(events[i].data.fd);
		state += (unsigned)count;
	}
}

static void run_quiet(void)
{
	struct epoll_event events[8];

	for (unsigned turn = 0; turn < 40; turn++) {
		wait_for_events(events, 8);
		on_tick(turn);
	}
}

static void run_polled(void)
{
	for (unsigned turn = 0; turn < 40; turn++) {
		poll_for_events();
		on_tick(turn);
	}
}

static void run_and_go_on(void)
{
	struct epoll_event events[8];

	for (unsigned turn = 0; turn < 40; turn++) {
		wait_for_events(events, 8);
		state += turn;
	}
	nanosleep(&moment, NULL); /* EXPECT-NONE: behind the loop */
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN };

	REQUIRE(argc == 2);
	queue = epoll_create1(EPOLL_CLOEXEC);
	REQUIRE(pipe2(requests, O_CLOEXEC) == 0 && pipe2(other, O_CLOEXEC) == 0);
	event.data.fd = requests[0];
	REQUIRE(epoll_ctl(queue, EPOLL_CTL_ADD, requests[0], &event) == 0);
	if (!strcmp(argv[1], "ticks"))
		run_ticks();
	else if (!strcmp(argv[1], "quiet"))
		run_quiet();
	else if (!strcmp(argv[1], "polled"))
		run_polled();
	else
		run_and_go_on();
	nanosleep(&moment, NULL); /* EXPECT-NONE: behind the loop */
	printf("done\n");
	return 0;
}
