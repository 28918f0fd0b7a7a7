/*
 * A loop, and beside it a helper thread that waits for one descriptor with a time-out, again and
 * again, and blocks between its waits as it likes: it serves no other code, so it is no executor.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static void *help(void *unused)
{
	const struct timespec pause = { 0, 2000000 };
	char bytes[64];
	int ends[2];

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	for (int i = 0; i < 20; i++) {
		struct pollfd one = { .fd = ends[0], .events = POLLIN };
		int file;

		if (i % 2)
			REQUIRE(write(ends[1], "x", 1) == 1);
		REQUIRE(poll(&one, 1, 3) == i % 2);
		if (i % 2)
			REQUIRE(read(ends[0], bytes, 1) == 1); /* EXPECT-NONE */
		nanosleep(&pause, NULL);		       /* EXPECT-NONE */
		file = open("data.txt", O_RDONLY | O_CLOEXEC); /* EXPECT-NONE */
		REQUIRE(read(file, bytes, sizeof(bytes)) > 0); /* EXPECT-NONE */
		close(file);
	}
	close(ends[0]);
	close(ends[1]);
	return unused;
}

static void idle(unsigned turn)
{
	(void)turn;
}

int main(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, help, NULL) == 0);
	loop_run(60, idle);
	REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE */
	printf("done\n");
	return 0;
}
