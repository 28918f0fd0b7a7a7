/*
 * Turns that are left by another way than their end, and what must be found after them:
 *
 *	leaves cancel|longjmp|siglongjmp
 */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "helper.h"
#include "loop.h"
#include "operations.h"

static int ends[2]; /* a pipe without a writer's data */

static void block_sleeping(unsigned turn)
{
	if (turn == 3)
		operation_find("nanosleep")->block();
}

static void cleaned(void *unused)
{
	(void)unused;
	printf("cleaned up\n");
}

static void read_for_ever(unsigned turn)
{
	char byte;
	ssize_t count;

	if (turn != 3)
		return;
	pthread_cleanup_push(cleaned, NULL);
	helper_begin();
	count = read(ends[0], &byte, 1); /* EXPECT error read category=pipe case=cancel */
	REQUIRE(count == 1);
	pthread_cleanup_pop(0);
}

static void *run_cancelled(void *unused)
{
	loop_run(6, read_for_ever);
	return unused;
}

static pthread_t loop_thread;

static void *cancel_late(void *unused)
{
	helper_wait();
	REQUIRE(pthread_cancel(loop_thread) == 0);
	return unused;
}

static void leave_by_cancel(void)
{
	void *result;

	helper_start(cancel_late);
	REQUIRE(pthread_create(&loop_thread, NULL, run_cancelled, NULL) == 0);
	REQUIRE(pthread_join(loop_thread, &result) == 0);
	helper_join();
	REQUIRE(result == PTHREAD_CANCELED);
}

static jmp_buf before_loop;

static void jump(unsigned turn)
{
	if (turn == 3)
		longjmp(before_loop, 1);
}

static void leave_by_longjmp(void)
{
	if (setjmp(before_loop) == 0)
		loop_run(6, jump);
	nanosleep(&wait_time, NULL); /* EXPECT-NONE: the loop was left */
}

static sigjmp_buf before_read;

static void jump_out(int signal)
{
	(void)signal;
	siglongjmp(before_read, 1);
}

/* The call never returns, and neither does what watches it. */
static void read_until_jump(unsigned turn)
{
	const struct itimerval once = { { 0, 0 }, { 0, WAIT_MS * 1000 } };
	char byte;
	ssize_t count;

	if (turn != 3 || sigsetjmp(before_read, 1))
		return;
	setitimer(ITIMER_REAL, &once, NULL);
	count = read(ends[0], &byte, 1); /* ALLOW error read category=pipe case=siglongjmp */
	REQUIRE(count == 1);
}

static void leave_by_siglongjmp(void)
{
	struct sigaction action = { .sa_handler = jump_out };

	REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
	loop_run(6, read_until_jump);
	nanosleep(&wait_time, NULL); /* EXPECT-NONE: the loop has ended */
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	if (!strcmp(argv[1], "cancel"))
		leave_by_cancel();
	else if (!strcmp(argv[1], "longjmp"))
		leave_by_longjmp();
	else
		leave_by_siglongjmp();
	loop_run(6, block_sleeping);
	printf("done\n");
	return 0;
}
