/*
 * Programs that end inside a turn, each in its own way; what was found before must be reported:
 *
 *	ends kill|abort|terminate|overflow|overflow_handled|_exit|exec
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper.h"
#include "loop.h"
#include "operations.h"

static int never;

static void *kill_late(void *unused)
{
	/* Who kills a program has seen it hang for a while. */
	for (int i = 0; i < 6; i++)
		helper_wait();
	kill(getpid(), SIGKILL);
	return unused;
}

/* Nobody ever writes: the call is in progress when the end comes. */
static void end_by_kill(void)
{
	char byte;
	ssize_t count;

	helper_begin();
	count = read(never, &byte, 1); /* EXPECT error read category=pipe in_progress=true case=kill */
	REQUIRE(count == 1);
}

static void prepare_kill(void)
{
	mkfifo("never.fifo", 0600);
	never = open("never.fifo", O_RDWR | O_CLOEXEC);
	REQUIRE(never >= 0);
	helper_start(kill_late);
}

static void end_by_terminate(void)
{
	raise(SIGTERM);
}

static unsigned long recurse(unsigned long depth)
{
	volatile char frame[4096];

	frame[depth % sizeof(frame)] = (char)depth;
	return recurse(depth + 1) + (unsigned long)frame[0];
}

static void end_by_overflow(void)
{
	REQUIRE(recurse(0) == 0);
}

static void overflowed(int signal)
{
	(void)signal;
	if (write(1, "overflow\n", 9) == 9)
		_exit(3);
	_exit(4);
}

static void prepare_handler(void)
{
	static char stack[65536];
	const stack_t other = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = overflowed, .sa_flags = SA_ONSTACK };

	REQUIRE(sigaltstack(&other, NULL) == 0);
	REQUIRE(sigaction(SIGSEGV, &action, NULL) == 0);
}

static void end_by_exit(void)
{
	_exit(7);
}

static void end_by_exec(void)
{
	execl("/proc/self/exe", "ends", "after_exec", NULL);
	REQUIRE(!"reached");
}

static const struct end {
	const char *name;
	void (*prepare)(void);
	void (*end)(void);
} ends[] = {
	{ "kill", prepare_kill, end_by_kill },
	{ "abort", NULL, abort },
	{ "terminate", NULL, end_by_terminate },
	{ "overflow", NULL, end_by_overflow },
	{ "overflow_handled", prepare_handler, end_by_overflow },
	{ "_exit", NULL, end_by_exit },
	{ "exec", NULL, end_by_exec },
};

static const struct end *chosen;

static void block_then_end(unsigned turn)
{
	if (turn == 4)
		operation_find("nanosleep")->block();
	if (turn == 6)
		chosen->end();
}

/* The same process, another program: its findings stand beside those of the first. */
static void after_exec(unsigned turn)
{
	if (turn == 3)
		operation_find("usleep")->block();
}

int main(int argc, char **argv)
{
	const struct rlimit no_core = { 0, 0 };

	REQUIRE(argc == 2);
	setrlimit(RLIMIT_CORE, &no_core);
	if (!strcmp(argv[1], "after_exec")) {
		loop_run(6, after_exec);
		printf("done\n");
		return 0;
	}
	for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!strcmp(ends[i].name, argv[1]))
			chosen = &ends[i];
	REQUIRE(chosen);
	if (chosen->prepare)
		chosen->prepare();
	loop_run(10, block_then_end);
	return 99;
}
