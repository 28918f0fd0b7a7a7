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

/* Of one turn, each with its whole stack. */
#define FEW_LOCKS 900

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

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

static __attribute__((noinline)) void read_lock_unlock(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		pthread_rwlock_rdlock(&rwlock);
		pthread_rwlock_unlock(&rwlock);
	}
}

static void read_lock_in_deep_turn(unsigned count)
{
	turn(25, read_lock_unlock, count);
}

/* As many locks as a turn may ever hold, of one place in memory each. */
#define MANY_LOCKS 4000

static pthread_mutex_t many[MANY_LOCKS];

static void make_many(void)
{
	for (unsigned i = 0; i < MANY_LOCKS; i++)
		must(!pthread_mutex_init(&many[i], NULL), "pthread_mutex_init");
}

/* Of `count` locks all are held at once, and released in the order they were taken in. */
static __attribute__((noinline)) void lock_all(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		pthread_mutex_lock(&many[i]);
	for (unsigned i = 0; i < count; i++)
		pthread_mutex_unlock(&many[i]);
}

static __attribute__((noinline)) void lock_tens(unsigned count)
{
	for (unsigned i = 0; i < count; i += 10)
		lock_all(10);
}

/* Along a chain, two at most at once: the older is released first. */
static __attribute__((noinline)) void lock_chain(unsigned count)
{
	pthread_mutex_lock(&many[0]);
	for (unsigned i = 1; i < count; i++) {
		pthread_mutex_lock(&many[i]);
		pthread_mutex_unlock(&many[i - 1]);
	}
	pthread_mutex_unlock(&many[count - 1]);
}

static void hold_ten_in_turn(unsigned count)
{
	turn(0, lock_tens, count);
}

static void hold_all_in_turn(unsigned count)
{
	turn(0, lock_all, count);
}

static void chain_in_turn(unsigned count)
{
	turn(0, lock_chain, count);
}

/* A turn for each task, which takes a lock of its own and gives it back. */
static __attribute__((noinline)) void lock_task(unsigned task)
{
	pthread_mutex_lock(&many[task % MANY_LOCKS]);
	pthread_mutex_unlock(&many[task % MANY_LOCKS]);
}

static void lock_in_each_turn(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		turn(0, lock_task, i);
}

/* The same while each task keeps another lock across its yields: a fault, and yet no reason to
 * become slower with their number. */
static void keep_some(unsigned count)
{
	make_many();
	for (unsigned i = 0; i < count; i++) {
		yieldsan_turn_begin("bench");
		pthread_mutex_lock(&many[MANY_LOCKS - 1 - i]);
		yieldsan_turn_end();
	}
}

static void keep_ten(void)
{
	keep_some(10);
}

static void keep_thousand(void)
{
	keep_some(1000);
}

static __attribute__((noinline)) void relock_kept(unsigned kept)
{
	pthread_mutex_unlock(&many[MANY_LOCKS - 1 - kept]);
	lock_task(0);
	pthread_mutex_lock(&many[MANY_LOCKS - 1 - kept]);
}

static void yield_with_ten(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		turn(0, relock_kept, i % 10);
}

static void yield_with_thousand(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		turn(0, relock_kept, i % 1000);
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
	{ "lock-in-turn-7-frames", FEW_LOCKS, 1, NULL, lock_in_shallow_turn },
	{ "lock-in-turn-25-frames", FEW_LOCKS, 1, NULL, lock_in_deep_turn },
	{ "lock-beyond-1000-in-turn", 100 * FEW_LOCKS, 1, NULL, lock_in_deep_turn },
	{ "read-lock-beyond-1000-in-turn", 100 * FEW_LOCKS, 1, NULL, read_lock_in_deep_turn },
	{ "locks-10-at-once", 4000, 1, make_many, hold_ten_in_turn },
	{ "locks-1000-at-once", 1000, 1, make_many, hold_all_in_turn },
	{ "locks-4000-at-once", MANY_LOCKS, 1, make_many, hold_all_in_turn },
	{ "locks-hand-over-hand", MANY_LOCKS, 1, make_many, chain_in_turn },
	{ "lock-in-each-of-10000-turns", 10000, 1, make_many, lock_in_each_turn },
	{ "yield-with-10-locks-kept", 1000, 1, keep_ten, yield_with_ten },
	{ "yield-with-1000-locks-kept", 1000, 1, keep_thousand, yield_with_thousand },
	{ "repeated-violation", 1000, 1, make_file, violate },
	{ 0 },
};
