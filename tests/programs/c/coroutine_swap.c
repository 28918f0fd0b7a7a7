/*
 * Coroutines by swapcontext, which an epoll loop resumes:
 *
 *	coroutine_swap CASE
 *
 * across     one holds a mutex while it is switched away from
 * released   it does not
 * sleep      one blocks: a call in the loop's turn, on another stack
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "loop.h"

#define STACK (256 * 1024)
#define MANY  3

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t brief = PTHREAD_MUTEX_INITIALIZER;
static ucontext_t loop, coroutines[MANY];
static char stacks[MANY][STACK];
static unsigned current;

static void yield(void)
{
	REQUIRE(swapcontext(&coroutines[current], &loop) == 0); /* EXPECT error lock-across-yield role=yielded case=across */
}

static void across(void)
{
	for (;;) {
		yield();
		yield();
		pthread_mutex_lock(&mutex); /* EXPECT error lock-across-yield role=acquired case=across */
		yield();
		pthread_mutex_unlock(&mutex);
	}
}

static void released(void)
{
	for (;;) {
		pthread_mutex_lock(&brief); /* EXPECT-NONE */
		pthread_mutex_unlock(&brief);
		yield();
	}
}

static void sleeps(void)
{
	for (unsigned i = 0;; i++) {
		if (i == 4)
			usleep(30000); /* EXPECT error usleep category=sleep case=sleep */
		yield();
	}
}

static void resume(unsigned turn)
{
	current = turn % MANY;
	REQUIRE(swapcontext(&loop, &coroutines[current]) == 0);
}

int main(int argc, char **argv)
{
	void (*function)(void) = NULL;

	REQUIRE(argc == 2);
	if (!strcmp(argv[1], "across"))
		function = across;
	else if (!strcmp(argv[1], "released"))
		function = released;
	else if (!strcmp(argv[1], "sleep"))
		function = sleeps;
	REQUIRE(function);
	for (unsigned i = 0; i < MANY; i++) {
		REQUIRE(getcontext(&coroutines[i]) == 0);
		coroutines[i].uc_stack.ss_sp = stacks[i];
		coroutines[i].uc_stack.ss_size = STACK;
		coroutines[i].uc_link = &loop;
		makecontext(&coroutines[i], i == 1 ? function : released, 0);
	}
	loop_run(8 * MANY, resume);
	printf("done\n");
	return 0;
}
