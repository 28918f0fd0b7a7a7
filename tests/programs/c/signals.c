/*
 * Signals that arrive while the loop waits and while callbacks run. The handler notifies the loop
 * through a non-blocking pipe, as handlers should, and disturbs nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>

#include "loop.h"

static int ends[2];
static volatile sig_atomic_t signals;

static void notify(int signal)
{
	int saved = errno;

	(void)signal;
	signals++;
	if (write(ends[1], "s", 1) < 0) /* EXPECT-NONE: non-blocking */
		signals--;
	errno = saved;
}

/* Busy until a signal finds it running. */
static void work(unsigned turn)
{
	sig_atomic_t before = signals;
	char byte;

	while (turn % 2 && signals == before)
		;
	while (read(ends[0], &byte, 1) == 1) /* EXPECT-NONE: non-blocking */
		;
	REQUIRE(errno == EAGAIN);
}

int main(void)
{
	const struct itimerval every = { { 0, 1500 }, { 0, 1500 } };
	const struct itimerval never = { 0 };
	struct sigaction action = { .sa_handler = notify };

	REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
	REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
	setitimer(ITIMER_REAL, &every, NULL);
	loop_run(30, work);
	setitimer(ITIMER_REAL, &never, NULL);
	REQUIRE(signals > 5);
	printf("done\n");
	return 0;
}
