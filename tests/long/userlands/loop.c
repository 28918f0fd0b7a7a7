/* A loop of its own that sleeps in a handler; "nap": sleeps, for another program to wait for. */
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static void handler(void)
{
	struct timespec time = { .tv_nsec = 60000000 };

	nanosleep(&time, NULL);
}

int main(int argc, char **argv)
{
	int ep = epoll_create1(0), fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	struct itimerspec often = { { 0, 10000000 }, { 0, 10000000 } };
	struct epoll_event event = { .events = EPOLLIN };
	uint64_t ticks;

	(void)argv;
	if (argc > 1) {
		handler();
		return 0;
	}
	timerfd_settime(fd, 0, &often, NULL);
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
	for (int i = 0; i < 20; i++) {
		epoll_wait(ep, &event, 1, -1);
		if (read(fd, &ticks, sizeof ticks) == sizeof ticks && i % 2)
			handler();
	}
	puts("done");
	return 0;
}
