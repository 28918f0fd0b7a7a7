#include "helper.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

/* Polled now and then: waking it would be one more call in the turn that sets them. */
static atomic_int begun; /* the thread that waits */
static atomic_bool held;
static pthread_t thread;

static const struct timespec moment = { 0, 1000000 };

/* A busy machine may keep the thread from its call for longer than the call is to last. */
static bool has_begun(void)
{
	char path[64];
	char text[256];
	int number = begun;
	int fd;
	ssize_t size;

	if (!number)
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", number);
	fd = open(path, O_RDONLY | O_CLOEXEC); /* EXPECT-NONE */
	/* In a chroot there is no such file. */
	if (fd < 0)
		return true;
	size = read(fd, text, sizeof(text) - 1); /* EXPECT-NONE */
	close(fd);
	text[size > 0 ? size : 0] = '\0';
	return strstr(text, ") S ");
}

void helper_start(void *(*run)(void *))
{
	begun = 0;
	held = false;
	REQUIRE(pthread_create(&thread, NULL, run, NULL) == 0);
}

void helper_start_holding(void *(*run)(void *))
{
	helper_start(run);
	while (!held)
		nanosleep(&moment, NULL); /* EXPECT-NONE */
}

void helper_join(void)
{
	REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE */
}

void helper_begin(void)
{
	begun = gettid();
}

void helper_holds(void)
{
	held = true;
}

void helper_wait(void)
{
	while (!has_begun())
		nanosleep(&moment, NULL); /* EXPECT-NONE */
	nanosleep(&wait_time, NULL);	  /* EXPECT-NONE */
}

unsigned long helper_thread(void)
{
	return thread;
}
