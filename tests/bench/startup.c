/*
 *	startup COUNT PRELOAD PROGRAM [ARGUMENT...]
 *
 * Runs the program so many times with LD_PRELOAD set to PRELOAD (not at all when it is empty) and
 * prints the milliseconds from the spawn to the end of the fastest run. In C, for an interpreter's
 * own fork and wait take longer than what is measured.
 */
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t run_ns(char **argv)
{
	uint64_t start = now_ns();
	pid_t child;
	int status;

	if (posix_spawn(&child, argv[0], NULL, NULL, argv, environ)) {
		fprintf(stderr, "startup: cannot run %s\n", argv[0]);
		exit(1);
	}
	waitpid(child, &status, 0);
	if (status) {
		fprintf(stderr, "startup: %s ended with wait status %#x\n", argv[0], status);
		exit(1);
	}
	return now_ns() - start;
}

int main(int argc, char **argv)
{
	uint64_t least = UINT64_MAX;

	if (argc < 4) {
		fprintf(stderr, "usage: startup COUNT PRELOAD PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	if (*argv[2])
		setenv("LD_PRELOAD", argv[2], 1);
	/* The first run warms the page cache. */
	for (int i = 0; i <= atoi(argv[1]); i++) {
		uint64_t elapsed = run_ns(argv + 3);

		if (i && elapsed < least)
			least = elapsed;
	}
	printf("%.4f\n", (double)least / 1e6);
	return 0;
}
