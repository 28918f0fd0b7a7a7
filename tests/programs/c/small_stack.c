/*
 * A loop on a thread with the smallest stack that libc allows: what watches it has to make do with
 * what is left. And a descriptor for appending, read from: that is no output.
 */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static void *serve(void *unused)
{
	const struct timespec wait_time = { 0, 20000000 };
	struct epoll_event event = { .events = EPOLLIN };
	int queue = epoll_create1(EPOLL_CLOEXEC), file, ends[2], result;
	char bytes[16];

	REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	REQUIRE(epoll_ctl(queue, EPOLL_CTL_ADD, ends[0], &event) == 0);
	file = open("data.txt", O_RDWR | O_APPEND | O_CLOEXEC);
	REQUIRE(file >= 0);
	for (unsigned turn = 0; turn < 10; turn++) {
		REQUIRE(write(ends[1], "x", 1) == 1);
		REQUIRE(epoll_wait(queue, &event, 1, -1) == 1);
		REQUIRE(read(ends[0], bytes, 1) == 1);
		if (turn == 4) {
			result = nanosleep(&wait_time, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep */
			REQUIRE(result == 0);
		}
		if (turn == 6)
			REQUIRE(pread(file, bytes, 4, 0) == 4); /* EXPECT warning pread|pread64 category=file */
	}
	close(file);
	close(ends[0]);
	close(ends[1]);
	close(queue);
	return unused;
}

int main(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	REQUIRE(pthread_attr_init(&attributes) == 0);
	REQUIRE(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) == 0);
	REQUIRE(pthread_create(&thread, &attributes, serve, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	printf("done\n");
	return 0;
}
