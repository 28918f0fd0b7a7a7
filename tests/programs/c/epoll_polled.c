/*
 * A loop that waits for its epoll instance by poll(), and then takes what there is without a wait:
 *
 *	epoll_polled sleep|idle [two]
 *
 * two: with the descriptor of a pipe beside it, as EventMachine for Ruby does.
 */
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static unsigned handled;

__attribute__((noinline)) static void handle(const char *what)
{
	static const struct timespec moment = { 0, 60000000 };

	if (!strcmp(what, "sleep"))
		nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=sleep */
	handled++;			  /* no tail call */
}

__attribute__((noinline)) static int wait_for(int queue, int silent)
{
	struct pollfd both[2] = { { .fd = queue, .events = POLLIN }, { .fd = silent, .events = POLLIN } };

	return poll(both, silent < 0 ? 1 : 2, -1); /* EXPECT-NONE */
}

int main(int argc, char **argv)
{
	/* Idle for longer than a blocking call may take. */
	const struct itimerspec every = { { 0, 70000000 }, { 0, 70000000 } };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), queue = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	uint64_t ticks;
	int silent[2] = { -1, -1 };

	REQUIRE(argc == 2 || pipe(silent) == 0);
	REQUIRE(argc >= 2 && timerfd_settime(timer, 0, &every, NULL) == 0);
	REQUIRE(epoll_ctl(queue, EPOLL_CTL_ADD, timer, &event) == 0);
	while (handled < 16) {
		REQUIRE(wait_for(queue, silent[0]) == 1);
		REQUIRE(epoll_wait(queue, &event, 1, 0) == 1);
		REQUIRE(read(timer, &ticks, sizeof(ticks)) > 0);
		handle(argv[1]);
	}
	return 0;
}
