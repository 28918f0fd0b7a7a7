/*
 * A loop's thread that ends in a callback:
 *
 *	exit_holding holding|released
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "loop.h"

#define LAST 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool holding;

static void leave(unsigned turn)
{
	if (turn != LAST)
		return;
	pthread_mutex_lock(&mutex); /* EXPECT error cancelled-holding role=acquired case=holding */
	if (!holding)
		pthread_mutex_unlock(&mutex);
	pthread_exit(NULL);
}

static void *run(void *unused)
{
	loop_run(LAST + 2, leave);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	holding = argc > 1 && !strcmp(argv[1], "holding");
	if (pthread_create(&thread, NULL, run, NULL) || pthread_join(thread, NULL))
		return 1;
	puts("done");
	return 0;
}
