/*
 *	micro CASE REPETITIONS
 *
 * Prints the nanoseconds of one operation in the fastest repetition: what disturbs a repetition
 * only ever makes it slower.
 */
#include "micro.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void must(int succeeded, const char *what)
{
	if (succeeded)
		return;
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static const struct micro_case *find(const struct micro_case *cases, const char *name)
{
	for (; cases->name; cases++)
		if (!strcmp(cases->name, name))
			return cases;
	return NULL;
}

static double fastest_ns(const struct micro_case *micro, unsigned repetitions)
{
	uint64_t least = UINT64_MAX;

	/* The first one warms up: symbols, caches, the table of unwinding rules. */
	for (unsigned i = 0; i <= repetitions; i++) {
		uint64_t start = now_ns(), elapsed;

		micro->repeat(micro->count);
		elapsed = now_ns() - start;
		if (i && elapsed < least)
			least = elapsed;
	}
	return (double)least / micro->count / micro->calls;
}

int main(int argc, char **argv)
{
	const struct micro_case *micro = NULL;

	if (argc == 3) {
		micro = find(calls_cases, argv[1]);
		if (!micro)
			micro = find(turns_cases, argv[1]);
	}
	if (!micro) {
		fprintf(stderr, "usage: micro CASE REPETITIONS\n");
		return 2;
	}
	if (micro->prepare)
		micro->prepare();
	printf("%.3f\n", fastest_ns(micro, (unsigned)atoi(argv[2])));
	return 0;
}
