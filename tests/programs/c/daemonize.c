/*
 * A daemon as the textbooks make it: two forks, a session of its own, every descriptor closed and
 * its number used again. What it put into those descriptors must come out as it was, and no
 * descriptor may appear that it did not open. Its parent stays until it ends.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loop.h"
#include "operations.h"

#define PIPES 8

static unsigned open_descriptors(void)
{
	unsigned count = 0;

	for (int descriptor = 0; descriptor < 1024; descriptor++)
		count += fcntl(descriptor, F_GETFD) != -1;
	return count;
}

static void block_once(unsigned turn)
{
	if (turn == 3)
		operation_find("nanosleep")->block();
}

static void *run_loop(void *unused)
{
	loop_run(6, block_once);
	return unused;
}

static void serve(void)
{
	int ends[PIPES][2];
	char bytes[16];
	unsigned before;

	for (int descriptor = 0; descriptor < 1024; descriptor++)
		close(descriptor);
	REQUIRE(open("/dev/null", O_RDWR) == 0);
	REQUIRE(open("daemon.txt", O_RDWR | O_CREAT | O_TRUNC, 0600) == 1);
	REQUIRE(dup(1) == 2);
	for (int i = 0; i < PIPES; i++) {
		REQUIRE(pipe(ends[i]) == 0);
		REQUIRE(write(ends[i][1], "as it was\n", 10) == 10);
	}
	before = open_descriptors();
	/* Two threads one after the other: neither has ever been looked into. */
	for (int i = 0; i < 2; i++) {
		pthread_t thread;

		REQUIRE(pthread_create(&thread, NULL, run_loop, NULL) == 0);
		REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE */
	}
	REQUIRE(open_descriptors() == before);
	for (int i = 0; i < PIPES; i++) {
		REQUIRE(fcntl(ends[i][0], F_SETFL, O_NONBLOCK) == 0);
		REQUIRE(read(ends[i][0], bytes, sizeof(bytes)) == 10);
		REQUIRE(!memcmp(bytes, "as it was\n", 10));
	}
	printf("the daemon is done\n");
}

static void daemonize(void)
{
	if (fork() > 0)
		_exit(0);
	REQUIRE(setsid() > 0);
	if (fork() > 0)
		_exit(0);
	umask(022);
	alarm(20); /* whatever goes wrong, it does not stay */
	serve();
	exit(0);
}

int main(void)
{
	char bytes[256];
	int file, status;
	ssize_t count;

	REQUIRE(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	if (fork() == 0)
		daemonize();
	while (wait(&status) > 0)
		REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	file = open("daemon.txt", O_RDONLY);
	count = read(file, bytes, sizeof(bytes));
	REQUIRE(count > 0 && write(1, bytes, count) == count);
	printf("done\n");
	return 0;
}
