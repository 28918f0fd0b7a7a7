/*
 * A loop's thread that ends in a callback:
 *
 *	exit_holding holding|released|file
 *
 * file: what it holds is a lock on a file, which is not the thread's.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "loop.h"

#define LAST 8

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool holding, locks_file;

static void leave(unsigned turn)
{
	if (turn != LAST)
		return;
	if (locks_file) {
		int file = open("locked", O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* ALLOW warning open */

		if (file < 0 || flock(file, LOCK_EX | LOCK_NB)) /* EXPECT-NONE */
			_exit(1);
		pthread_exit(NULL);
	}
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

	locks_file = argc > 1 && !strcmp(argv[1], "file");
	holding = argc > 1 && !strcmp(argv[1], "holding");
	if (pthread_create(&thread, NULL, run, NULL) || pthread_join(thread, NULL))
		return 1;
	puts("done");
	return 0;
}
