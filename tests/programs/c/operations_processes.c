#include "operations.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"
#include "loop.h"

static void block_system(void)
{
	int status = system("exit 3"); /* EXPECT error system category=process case=system */

	REQUIRE(WEXITSTATUS(status) == 3);
}

static void block_popen(void)
{
	char text[8];
	FILE *stream;
	char *line;
	int status;

	stream = popen("sleep 0.05; echo line; sleep 0.05", "r"); /* EXPECT error popen category=process case=popen */
	REQUIRE(stream);
	line = fgets(text, sizeof(text), stream); /* EXPECT error fgets category=pipe case=popen */
	REQUIRE(line);
	status = pclose(stream); /* EXPECT error pclose category=process case=popen */
	REQUIRE(status == 0);
}

/* What the child does is not the parent's turn any more. */
static void block_waitpid(void)
{
	pid_t child = fork();
	int status;
	pid_t ended;

	if (child == 0) {
		nanosleep(&wait_time, NULL); /* EXPECT-NONE */
		_exit(3);
	}
	ended = waitpid(child, &status, 0); /* EXPECT error waitpid category=process case=waitpid */
	REQUIRE(ended == child && WEXITSTATUS(status) == 3);
}

/* The wait for it was reported when it closed its last pipe: its later end is not reported again. */
static void block_child_end(void)
{
	const struct timespec leisure = { 0, 20000000 };
	char byte;
	int ends[2];
	ssize_t count;
	pid_t child;
	pid_t ended;
	int made = pipe(ends);

	REQUIRE(made == 0);
	child = fork();
	if (child == 0) {
		nanosleep(&wait_time, NULL); /* EXPECT-NONE */
		close(ends[1]);
		nanosleep(&leisure, NULL); /* EXPECT-NONE */
		_exit(0);
	}
	close(ends[1]);
	count = read(ends[0], &byte, 1); /* EXPECT error read category=pipe case=child_end */
	ended = waitpid(child, NULL, 0); /* EXPECT notice waitpid category=process case=child_end */
	REQUIRE(count == 0 && ended == child);
	close(ends[0]);
}

/* The end of one child's output is no reason to wait for another. */
static void block_other_child(void)
{
	char *const arguments[] = { "sleep", "0.02", NULL };
	char byte;
	int ends[2];
	ssize_t count;
	pid_t child;
	pid_t ended;
	int made = pipe(ends);
	int error;

	REQUIRE(made == 0);
	child = fork();
	if (child == 0) {
		nanosleep(&wait_time, NULL); /* EXPECT-NONE */
		_exit(0);
	}
	close(ends[1]);
	count = read(ends[0], &byte, 1); /* EXPECT error read category=pipe case=other_child */
	REQUIRE(count == 0);
	close(ends[0]);
	error = posix_spawnp(&ended, "sleep", NULL, NULL, arguments, environ); /* ALLOW notice posix_spawnp case=other_child */
	REQUIRE(error == 0);
	ended = waitpid(ended, NULL, 0); /* EXPECT error waitpid category=process case=other_child */
	REQUIRE(ended > 0);
	ended = waitpid(child, NULL, 0); /* ALLOW notice waitpid case=other_child */
	REQUIRE(ended == child);
}

const struct operation process_operations[] = {
	{ "other_child", NULL, block_other_child, NULL },
	{ "system", NULL, block_system, NULL },
	{ "popen", NULL, block_popen, NULL },
	{ "child_end", NULL, block_child_end, NULL },
	{ "waitpid", NULL, block_waitpid, NULL },
	{ 0 },
};
