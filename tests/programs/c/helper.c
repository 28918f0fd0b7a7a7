#include "helper.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "loop.h"

/* Looked at now and then: to be woken would be one more call in the turn of whoever sets them. */
static atomic_bool begun;
static atomic_bool held;
static pthread_t thread;

static void wait_for(atomic_bool *flag)
{
	const struct timespec moment = { 0, 1000000 };

	while (!*flag)
		nanosleep(&moment, NULL); /* EXPECT-NONE */
}

void helper_start(void *(*run)(void *))
{
	begun = false;
	held = false;
	REQUIRE(pthread_create(&thread, NULL, run, NULL) == 0);
}

void helper_start_holding(void *(*run)(void *))
{
	helper_start(run);
	wait_for(&held);
}

void helper_join(void)
{
	REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE */
}

void helper_begin(void)
{
	begun = true;
}

void helper_holds(void)
{
	held = true;
}

void helper_wait(void)
{
	wait_for(&begun);
	nanosleep(&wait_time, NULL); /* EXPECT-NONE */
}

unsigned long helper_thread(void)
{
	return thread;
}
