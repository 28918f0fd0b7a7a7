/*
 *	memory THREADS
 *
 * Threads that each ran turns and violations, on a thousand stacks that no other thread has; prints
 * the process's resident KiB (/proc/self/smaps_rollup) while all of them still live.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "yieldsan/yieldsan.h"

#define STACKS 1024
#define LEVELS 16 /* 2^16 distinct stacks: 64 threads have their own */

static pthread_barrier_t ran, counted;
static int file;

static void one(unsigned levels, unsigned path);

/* Two functions that differ in nothing but their addresses: a path through them is a stack. */
static __attribute__((noinline)) void other(unsigned levels, unsigned path)
{
	char byte;

	if (!levels) {
		if (pread(file, &byte, 1, 0) != 1)
			abort();
	} else if (path & 1) {
		one(levels - 1, path >> 1);
	} else {
		other(levels - 1, path >> 1);
	}
	__asm__ volatile("");
}

static __attribute__((noinline)) void one(unsigned levels, unsigned path)
{
	other(levels, path);
	__asm__ volatile("nop");
}

static void *run(void *number)
{
	for (unsigned i = 0; i < STACKS; i++) {
		yieldsan_turn_begin("bench");
		other(LEVELS, (unsigned)(uintptr_t)number * STACKS + i);
		yieldsan_turn_end();
	}
	pthread_barrier_wait(&ran);
	pthread_barrier_wait(&counted);
	return NULL;
}

static void print_resident(void)
{
	FILE *stream = fopen("/proc/self/smaps_rollup", "r");
	unsigned long kib = 0;
	char line[256];

	while (stream && fgets(line, sizeof line, stream))
		if (sscanf(line, "Rss: %lu kB", &kib) == 1)
			break;
	if (!kib) {
		fprintf(stderr, "memory: no Rss in /proc/self/smaps_rollup\n");
		exit(1);
	}
	printf("%lu\n", kib);
}

int main(int argc, char **argv)
{
	unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 1;
	char name[] = "memory-XXXXXX";
	pthread_t *ids = calloc(threads, sizeof *ids);

	file = mkstemp(name);
	if (!ids || file < 0 || unlink(name) || write(file, "a", 1) != 1) {
		perror("memory");
		return 1;
	}
	pthread_barrier_init(&ran, NULL, threads + 1);
	pthread_barrier_init(&counted, NULL, threads + 1);
	for (unsigned i = 0; i < threads; i++) {
		if (pthread_create(&ids[i], NULL, run, (void *)(uintptr_t)i)) {
			fprintf(stderr, "memory: cannot make thread %u\n", i);
			return 1;
		}
	}
	pthread_barrier_wait(&ran);
	print_resident();
	pthread_barrier_wait(&counted);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	free(ids);
	return 0;
}
