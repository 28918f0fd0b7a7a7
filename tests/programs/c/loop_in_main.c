/*
 * A loop written into main itself, which cleans up behind it:
 *
 *	loop_in_main closed|open
 *
 * open: the loop's descriptor is closed last, so only the missing next wait shows
 * that the loop was over.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"
#include "ticker.h"

int main(int argc, char **argv)
{
	const struct timespec wait_time = { 0, 20000000 };
	struct epoll_event event = { .events = EPOLLIN };
	struct ticker *ticker;
	int file, queue, result;

	REQUIRE(argc == 2);
	nanosleep(&wait_time, NULL); /* EXPECT-NONE: before the loop */
	queue = epoll_create1(EPOLL_CLOEXEC);
	ticker = ticker_create();
	REQUIRE(epoll_ctl(queue, EPOLL_CTL_ADD, ticker->read_end, &event) == 0);

	for (unsigned turn = 0; turn < 10; turn++) {
		REQUIRE(epoll_wait(queue, &event, 1, -1) == 1);
		ticker_take(ticker);
		if (turn == 4) {
			result = nanosleep(&wait_time, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep */
			REQUIRE(result == 0);
		}
	}

	if (!strcmp(argv[1], "closed"))
		close(queue);
	file = open("saved.txt", O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* EXPECT-NONE: after the loop */
	REQUIRE(write(file, "state\n", 6) == 6);			/* EXPECT-NONE */
	REQUIRE(fsync(file) == 0);					/* EXPECT-NONE */
	close(file);
	nanosleep(&wait_time, NULL); /* EXPECT-NONE */
	if (!strcmp(argv[1], "open"))
		close(queue);
	ticker_destroy(ticker);
	printf("done\n");
	return 0;
}
