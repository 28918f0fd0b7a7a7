/*
 * Calls within annotated turns, and the turns themselves. A repetition is one turn of a
 * millisecond or two: one of many would be a finding of its own.
 */
#include "micro.h"

#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "yieldsan/yieldsan.h"

/* repeat, fastest_ns, main, two functions of libc, _start, and the one that calls libc itself. */
#define FRAMES_ANYWAY 7

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int fd;

static void begin_end(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		yieldsan_turn_begin("bench");
		yieldsan_turn_end();
	}
}

/* Calls `leaf` with so many frames of its own beneath it. */
static __attribute__((noinline)) void descend(unsigned frames, void (*leaf)(unsigned),
					      unsigned count)
{
	if (frames)
		descend(frames - 1, leaf, count);
	else
		leaf(count);
	/* No tail call: it would leave no frame. */
	__asm__ volatile("");
}

/* A turn whose call has `frames` on its stack. */
static __attribute__((always_inline)) inline void turn(unsigned frames, void (*leaf)(unsigned),
						       unsigned count)
{
	yieldsan_turn_begin("bench");
	if (frames > FRAMES_ANYWAY)
		descend(frames - FRAMES_ANYWAY - 1, leaf, count);
	else
		leaf(count);
	yieldsan_turn_end();
}

static void make_empty_pipe(void)
{
	int fds[2];

	must(!pipe2(fds, O_NONBLOCK | O_CLOEXEC), "pipe2");
	fd = fds[0];
}

static __attribute__((noinline)) void read_nothing(unsigned count)
{
	char byte;

	for (unsigned i = 0; i < count; i++)
		must(read(fd, &byte, 1) < 0, "read");
}

static void read_in_turn(unsigned count)
{
	turn(0, read_nothing, count);
}

static __attribute__((noinline)) void lock_unlock(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
}

static void lock_in_shallow_turn(unsigned count)
{
	turn(0, lock_unlock, count);
}

static void lock_in_deep_turn(unsigned count)
{
	turn(25, lock_unlock, count);
}

/* In the present directory, which the driver put on a disk: on tmpfs nothing would be blamed. */
static void make_file(void)
{
	char name[] = "micro-XXXXXX";

	fd = mkstemp(name);
	must(fd >= 0, "mkstemp");
	unlink(name);
	must(write(fd, "a", 1) == 1, "write");
}

static __attribute__((noinline)) void read_file(unsigned count)
{
	char byte;

	for (unsigned i = 0; i < count; i++)
		must(pread(fd, &byte, 1, 0) == 1, "pread");
}

static void violate(unsigned count)
{
	turn(25, read_file, count);
}

const struct micro_case turns_cases[] = {
	{ "annotated-turn", 50000, 1, NULL, begin_end },
	{ "nonblocking-read-in-turn", 4000, 1, make_empty_pipe, read_in_turn },
	{ "lock-in-turn-7-frames", 20000, 1, NULL, lock_in_shallow_turn },
	{ "lock-in-turn-25-frames", 20000, 1, NULL, lock_in_deep_turn },
	{ "repeated-violation", 1000, 1, make_file, violate },
	{ 0 },
};
