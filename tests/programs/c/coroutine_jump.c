/*
 * Coroutines that are made by swapcontext, and entered and left by siglongjmp, as QEMU's are:
 *
 *	coroutine_jump entry|across
 *
 * entry   one is entered with a lock held, and makes another: calls, after which the holder goes on
 * across  one that was entered so takes a lock, and is switched away from
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>

#include "loop.h"

#define STACK (64 * 1024)

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static ucontext_t maker, made, away;
static sigjmp_buf back, entry, enterer;
static char stacks[2][STACK];
static const char *what;
static int makes;

static void make(int number);

static void run(void)
{
	if (!sigsetjmp(entry, 0))
		siglongjmp(back, 1);
	if (makes)
		make(--makes);
	if (!strcmp(what, "across")) {
		pthread_mutex_lock(&mutex);		 /* EXPECT error lock-across-yield role=acquired case=across */
		REQUIRE(swapcontext(&made, &away) == 0); /* EXPECT error lock-across-yield role=yielded case=across */
	}
	siglongjmp(enterer, 1);
}

__attribute__((noinline)) static void make(int number)
{
	REQUIRE(getcontext(&made) == 0);
	made.uc_stack.ss_sp = stacks[number];
	made.uc_stack.ss_size = STACK;
	made.uc_link = &maker;
	makecontext(&made, run, 0);
	if (!sigsetjmp(back, 0))
		REQUIRE(swapcontext(&maker, &made) == 0); /* EXPECT-NONE */
}

static void enter(unsigned turn)
{
	volatile bool resumed = false;

	(void)turn;
	make(1);
	if (!strcmp(what, "entry")) {
		makes = 1;
		pthread_mutex_lock(&mutex); /* EXPECT-NONE */
		if (!sigsetjmp(enterer, 0))
			siglongjmp(entry, 1);
		pthread_mutex_unlock(&mutex);
		return;
	}
	REQUIRE(getcontext(&away) == 0);
	if (!resumed) {
		resumed = true;
		siglongjmp(entry, 1);
	}
	pthread_mutex_unlock(&mutex);
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	what = argv[1];
	loop_run(20, enter);
	printf("done\n");
	return 0;
}
