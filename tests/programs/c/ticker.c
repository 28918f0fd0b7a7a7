#include "ticker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

void require_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: %s does not hold\n", file, line, condition);
	_exit(99);
}

static void *tick(void *data)
{
	struct ticker *ticker = data;
	const struct timespec interval = { 0, 2000000 };

	while (!ticker->stop) {
		nanosleep(&interval, NULL); /* EXPECT-NONE: a thread without turns */
		if (write(ticker->write_end, "t", 1) < 0)
			continue; /* full: the loop is busy */
	}
	return NULL;
}

struct ticker *ticker_create(void)
{
	struct ticker *ticker = malloc(sizeof(*ticker));
	pthread_t thread;
	int ends[2];

	REQUIRE(ticker);
	REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
	ticker->read_end = ends[0];
	ticker->write_end = ends[1];
	ticker->stop = 0;
	REQUIRE(pthread_create(&thread, NULL, tick, ticker) == 0);
	ticker->thread = thread;
	return ticker;
}

void ticker_destroy(struct ticker *ticker)
{
	ticker->stop = 1;
	REQUIRE(pthread_join(ticker->thread, NULL) == 0); /* EXPECT-NONE: the loop has ended */
	close(ticker->read_end);
	close(ticker->write_end);
	free(ticker);
}

void ticker_take(struct ticker *ticker)
{
	char bytes[64];

	while (read(ticker->read_end, bytes, sizeof(bytes)) > 0) /* EXPECT-NONE: non-blocking */
		;
}
