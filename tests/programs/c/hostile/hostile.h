/*
 * Programs that do what is hard to watch: `PROGRAM CASE'. Each prints results that depend on no time, blocks in
 * a loop in between, and ends as it would unwatched.
 */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct hostile_case {
	const char *name;
	void (*run)(void);
};

/* The wait of a loop for what is always ready. */
struct loop {
	int queue, ready;
};

__attribute__((unused)) static struct loop loop_open(void)
{
	struct loop loop = { epoll_create1(EPOLL_CLOEXEC), eventfd(1, EFD_CLOEXEC) };
	struct epoll_event event = { .events = EPOLLIN };

	epoll_ctl(loop.queue, EPOLL_CTL_ADD, loop.ready, &event);
	return loop;
}

/* A hand-written loop that sleeps in each of its turns. */
__attribute__((noinline, unused)) static void loop_and_block(int turns)
{
	struct timespec moment = { 0, 100000 };
	struct loop loop = loop_open();
	struct epoll_event event;

	for (int i = 0; i < turns; i++) {
		epoll_wait(loop.queue, &event, 1, -1);
		nanosleep(&moment, NULL);
	}
	close(loop.queue);
	close(loop.ready);
}

__attribute__((unused)) static int hostile_main(const struct hostile_case *cases, size_t count, int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < count; i++) {
		if (argc < 2) {
			puts(cases[i].name);
		} else if (!strcmp(argv[1], cases[i].name)) {
			cases[i].run();
			return 0;
		}
	}
	return argc < 2 ? 0 : 2;
}

#define HOSTILE_MAIN(cases)                                                              \
	int main(int argc, char **argv)                                                  \
	{                                                                                \
		return hostile_main(cases, sizeof(cases) / sizeof *(cases), argc, argv); \
	}

#endif
