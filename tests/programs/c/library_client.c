/* The client of library_waits.c, in a thread beside a loop. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static int (*library_read)(int fd, char *byte, int timeout_ms);

static void *help(void *unused)
{
	const struct timespec pause = { 0, 2000000 };
	int ends[2];
	char byte;

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	for (int i = 0; i < 20; i++) {
		REQUIRE(write(ends[1], "x", 1) == 1);	   /* EXPECT-NONE */
		REQUIRE(library_read(ends[0], &byte, 10)); /* EXPECT-NONE */
		nanosleep(&pause, NULL);		   /* EXPECT-NONE */
	}
	return unused;
}

static void idle(unsigned turn)
{
	(void)turn;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	void *library;

	REQUIRE(argc == 2);
	library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	REQUIRE(library);
	library_read = (int (*)(int, char *, int))dlsym(library, "library_read");
	REQUIRE(library_read);
	REQUIRE(pthread_create(&thread, NULL, help, NULL) == 0);
	loop_run(60, idle);
	REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE */
	printf("done\n");
	return 0;
}
