/* Calls outside turns: what a thread pays that runs no task, or none just now. */
#include "micro.h"

#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

#include "yieldsan/yieldsan.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int pipe_fds[2];

static void lock_unlock(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		pthread_mutex_lock(&mutex);
		pthread_mutex_unlock(&mutex);
	}
}

static void run_a_turn(void)
{
	yieldsan_turn_begin("bench");
	yieldsan_turn_end();
}

static void open_close(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		must(fd >= 0, "open");
		close(fd);
	}
}

static void make_pipe(void)
{
	must(!pipe(pipe_fds), "pipe");
}

static void dup_close(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int fd = dup(pipe_fds[0]);

		must(fd >= 0, "dup");
		close(fd);
	}
}

static void set_flags(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		must(!fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK), "fcntl");
}

const struct micro_case calls_cases[] = {
	{ "call-outside-turns", 100000, 2, NULL, lock_unlock },
	{ "call-between-turns", 100000, 2, run_a_turn, lock_unlock },
	{ "open-close", 500, 2, NULL, open_close },
	{ "dup-close", 2000, 2, make_pipe, dup_close },
	{ "fcntl-setfl", 5000, 1, make_pipe, set_flags },
	{ 0 },
};
