/*
 * Operations in and around a loop:
 *
 *	loop_<kind> CONTEXT OPERATION...     (or `all`)
 *
 * in       each in a callback of its own: to be found
 * around   before the loop, after it, and between two loops: no mistake
 * thread   in a thread beside the loop
 * at_exit  in an exit handler, run by exit() after the loop
 * exit_in  in an exit handler, run by exit() inside a callback: the loop will never turn again
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"
#include "operations.h"

/* A callback blocks in every BLOCK_EVERYth turn only, as in a program that has better to do. */
#define BLOCK_EVERY 3
#define MAX_CHOSEN  64

static const struct operation *chosen[MAX_CHOSEN];
static unsigned chosen_count;

static void choose(char **names)
{
	if (*names && !strcmp(*names, "all")) {
		while ((chosen[chosen_count] = operation_at(chosen_count)))
			REQUIRE(++chosen_count < MAX_CHOSEN);
		return;
	}
	for (; *names; names++) {
		const struct operation *operation = operation_find(*names);

		REQUIRE(operation);
		REQUIRE(chosen_count < MAX_CHOSEN);
		chosen[chosen_count++] = operation;
	}
}

static void operation_prepare(const struct operation *operation)
{
	if (operation->prepare)
		operation->prepare();
}

static void operation_finish(const struct operation *operation)
{
	if (operation->finish)
		operation->finish();
}

static const struct operation *in_callback;

static void idle_or_block(unsigned turn)
{
	if (turn == BLOCK_EVERY)
		in_callback->block();
}

static void run_in(void)
{
	for (unsigned i = 0; i < chosen_count; i++) {
		in_callback = chosen[i];
		operation_prepare(in_callback);
		loop_run(2 * BLOCK_EVERY, idle_or_block);
		operation_finish(in_callback);
	}
}

static void idle(unsigned turn)
{
	(void)turn;
}

static void run_alone(const struct operation *operation)
{
	operation_prepare(operation);
	operation->block();
	operation_finish(operation);
}

static void run_around(void)
{
	for (unsigned i = 0; i < chosen_count; i++) {
		run_alone(chosen[i]);
		loop_run(2 * BLOCK_EVERY, idle);
	}
	for (unsigned i = 0; i < chosen_count; i++)
		run_alone(chosen[i]);
}

static void *run_thread(void *unused)
{
	for (unsigned i = 0; i < chosen_count; i++)
		run_alone(chosen[i]);
	return unused;
}

static void run_beside(void)
{
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, run_thread, NULL) == 0);
	loop_run(100, idle);
	REQUIRE(pthread_join(thread, NULL) == 0); /* EXPECT-NONE */
}

static void exit_handler(void)
{
	for (unsigned i = 0; i < chosen_count; i++)
		run_alone(chosen[i]);
}

static void exit_in_turn(unsigned turn)
{
	if (turn == BLOCK_EVERY) {
		printf("done\n");
		exit(0);
	}
}

int main(int argc, char **argv)
{
	REQUIRE(argc >= 3);
	choose(argv + 2);
	if (!strcmp(argv[1], "in")) {
		run_in();
	} else if (!strcmp(argv[1], "around")) {
		run_around();
	} else if (!strcmp(argv[1], "thread")) {
		run_beside();
	} else if (!strcmp(argv[1], "at_exit")) {
		atexit(exit_handler);
		loop_run(2 * BLOCK_EVERY, idle);
	} else if (!strcmp(argv[1], "exit_in")) {
		atexit(exit_handler);
		loop_run(2 * BLOCK_EVERY, exit_in_turn);
	} else {
		REQUIRE(!"a context");
	}
	printf("done\n");
	return 0;
}
