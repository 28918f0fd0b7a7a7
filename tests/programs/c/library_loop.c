/* A loop in a shared library of no known name; nothing of it is in the program. */
#include "loop.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int timer_create_every(long ns)
{
	const struct itimerspec every = { { 0, ns }, { 0, ns } };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	if (timer < 0 || timerfd_settime(timer, 0, &every, NULL))
		abort();
	return timer;
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	int queue = epoll_create1(EPOLL_CLOEXEC), timer = timer_create_every(2000000);
	struct epoll_event event = { .events = EPOLLIN };
	unsigned turn = 0;
	uint64_t ticks;

	if (epoll_ctl(queue, EPOLL_CTL_ADD, timer, &event))
		abort();
	while (turn < turns)
		if (epoll_wait(queue, &event, 1, -1) == 1 && read(timer, &ticks, sizeof(ticks)) > 0)
			callback(turn++);
	close(queue);
	close(timer);
}
