/*
 * Turns of libuv that are the last, or are none: each case computes for 300 ms, or is stopped
 * for as long.
 *
 *     uv_ends exit|return|between|stopped|polled
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

static const char *wanted;

/* The processor's time, for others may have it meanwhile. */
static void compute(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 300);
}

/* As a shell or a debugger does. */
static void stop(void)
{
	const struct timespec time = { .tv_nsec = 300000000 };
	pid_t parent = getpid();

	if (!fork()) {
		nanosleep(&time, NULL);
		kill(parent, SIGCONT);
		_exit(0);
	}
	raise(SIGSTOP);
}

/* By a program with a loop of its own: nothing is there to wait for, each run returns at once. */
static void poll_idle_loop(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		uv_run(uv_default_loop(), UV_RUN_NOWAIT);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < 1000);
}

static void turn(uv_timer_t *timer)
{
	static int turns;

	if (++turns % 3)
		return;
	uv_timer_stop(timer);
	if (!strcmp(wanted, "exit") || !strcmp(wanted, "return"))
		compute();
	if (!strcmp(wanted, "stopped"))
		stop();
	if (!strcmp(wanted, "exit"))
		exit(0);
}

int main(int argc, char **argv)
{
	uv_timer_t timer;

	wanted = argc > 1 ? argv[1] : "";
	puts("done");
	fflush(stdout);
	if (!strcmp(wanted, "polled")) {
		poll_idle_loop();
		return 0;
	}
	uv_timer_init(uv_default_loop(), &timer);
	for (int i = 0; i < 2; i++) {
		uv_timer_start(&timer, turn, 2, 2);
		uv_run(uv_default_loop(), UV_RUN_DEFAULT);
		if (!strcmp(wanted, "between"))
			compute();
	}
	return 0;
}
