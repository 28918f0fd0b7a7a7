/* All ways to end, after a loop has blocked. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "hostile.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void by_abort(void)
{
	loop_and_block(8);
	abort();
}

static void by_segv(void)
{
	loop_and_block(8);
	*(volatile int *)16 = 1;
}

static unsigned long recurse(unsigned long depth)
{
	volatile char frame[4096];

	frame[depth % sizeof frame] = (char)depth;
	if (depth == ~0UL)
		return 0;
	return recurse(depth + 1) + (unsigned long)frame[0];
}

static void by_overflow(void)
{
	loop_and_block(8);
	printf("%lu\n", recurse(0));
}

static void by_illegal_instruction(void)
{
	loop_and_block(8);
	__asm__ volatile("ud2");
}

static void by_terminate(void)
{
	loop_and_block(8);
	kill(getpid(), SIGTERM);
	pause();
}

static void by_kill(void)
{
	loop_and_block(8);
	kill(getpid(), SIGKILL);
	pause();
}

static void by_exit_now(void)
{
	loop_and_block(8);
	_exit(5);
}

static void by_quick_exit(void)
{
	loop_and_block(8);
	quick_exit(6);
}

static void by_exit_with_lock(void)
{
	loop_and_block(8);
	pthread_mutex_lock(&mutex);
	exit(7);
}

static void by_exec(void)
{
	loop_and_block(8);
	execl("/bin/sh", "sh", "-c", "echo executed; exit 8", (char *)NULL);
}

static void by_exit_group(void)
{
	loop_and_block(8);
	syscall(SYS_exit_group, 9);
}

static void by_bare_exit_group(void)
{
	loop_and_block(8);
	__asm__ volatile("syscall"
			 :
			 : "a"(SYS_exit_group), "D"(10));
}

static void by_lack_of_memory(void)
{
	struct rlimit little = { 512 << 20, 512 << 20 };
	unsigned char *memory;

	loop_and_block(8);
	setrlimit(RLIMIT_AS, &little);
	while ((memory = malloc(1 << 20)))
		memory[4096] = 1;
	printf("no memory\n");
	abort();
}

static const struct hostile_case cases[] = {
	{ "abort", by_abort },
	{ "segv", by_segv },
	{ "overflow", by_overflow },
	{ "illegal_instruction", by_illegal_instruction },
	{ "terminate", by_terminate },
	{ "kill", by_kill },
	{ "exit_now", by_exit_now },
	{ "quick_exit", by_quick_exit },
	{ "exit_with_lock", by_exit_with_lock },
	{ "exec", by_exec },
	{ "exit_group", by_exit_group },
	{ "bare_exit_group", by_bare_exit_group },
	{ "lack_of_memory", by_lack_of_memory },
};

HOSTILE_MAIN(cases)
