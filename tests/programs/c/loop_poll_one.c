/*
 * A loop that polls several descriptors, whose handler waits for one of them:
 *
 *	loop_poll_one waits|looks|rests|phases [outside]
 *
 * waits: for an answer of one client, while all others have to wait. looks: whether one has more to say, and then
 * sleeps. rests: looks only. phases: the loop polls what is left after its other descriptor has ended. outside: the
 * handler is called by the caller of the function that waits.
 */
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static const struct timespec moment = { 0, 60000000 };
static struct pollfd all[2];

static int timer_create_every(long ns)
{
	const struct itimerspec every = { { 0, ns }, { 0, ns } };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

	REQUIRE(timer >= 0 && timerfd_settime(timer, 0, &every, NULL) == 0);
	return timer;
}

__attribute__((noinline)) static void wait_for_client(struct pollfd client)
{
	REQUIRE(poll(&client, 1, 60) == 0); /* EXPECT error poll category=poll case=waits */
}

__attribute__((noinline)) static void look_at_client(struct pollfd client)
{
	REQUIRE(poll(&client, 1, 0) == 0); /* EXPECT-NONE: no time-out */
}

static unsigned handled;

__attribute__((noinline)) static void handle(const char *what)
{
	if (!strcmp(what, "waits"))
		wait_for_client(all[1]);
	else
		look_at_client(all[1]);
	if (!strcmp(what, "looks"))
		nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=looks */
	handled++;			  /* no tail call */
}

__attribute__((noinline)) static void wait_for_all(const char *what)
{
	uint64_t ticks;

	REQUIRE(poll(all, 2, -1) == 1); /* EXPECT-NONE */
	REQUIRE(read(all[0].fd, &ticks, sizeof(ticks)) > 0);
	if (what)
		handle(what);
}

int main(int argc, char **argv)
{
	int silent[2];

	REQUIRE(argc >= 2 && pipe(silent) == 0);
	all[0] = (struct pollfd){ .fd = timer_create_every(2000000), .events = POLLIN };
	all[1] = (struct pollfd){ .fd = silent[0], .events = POLLIN };
	for (int i = 0; i < 30; i++) {
		wait_for_all(argc == 2 ? argv[1] : NULL);
		if (argc > 2)
			handle(argv[1]);
	}
	for (int i = 0; i < 5 && !strcmp(argv[1], "phases"); i++)
		REQUIRE(poll(&all[1], 1, 60) == 0); /* EXPECT-NONE: the same function waits */
	return 0;
}
