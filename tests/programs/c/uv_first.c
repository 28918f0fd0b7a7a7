/* What libuv calls before its loop waits for the first time: timers that have run out, each time
 * that the loop is run. */
#include <alloca.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#include "loop.h"

#define WAIT_US 50000

static void due(uv_timer_t *timer)
{
	uv_loop_t other;

	(void)timer;
	usleep(WAIT_US); /* EXPECT error usleep case=first */

	/* A loop within the turn, with a wait of its own. */
	REQUIRE(uv_loop_init(&other) == 0);
	REQUIRE(uv_run(&other, UV_RUN_NOWAIT) == 0);
	REQUIRE(uv_loop_close(&other) == 0);
	usleep(WAIT_US); /* EXPECT error usleep case=first */
}

/* The loop has nothing to wait for and returns; below this frame the stack looks as it did then. */
static void wait_behind(uv_loop_t *loop)
{
	char *room;

	REQUIRE(uv_run(loop, UV_RUN_DEFAULT) == 0);
	room = alloca(300);
	__asm__ volatile(""
			 :
			 : "r"(room)
			 : "memory");
	usleep(WAIT_US); /* EXPECT-NONE */
}

static void wait_beside(void)
{
	usleep(WAIT_US); /* EXPECT-NONE: no loop runs */
}

int main(void)
{
	uv_loop_t *loop = uv_default_loop();
	uv_timer_t timer;

	REQUIRE(uv_timer_init(loop, &timer) == 0);
	wait_beside();
	for (int run = 0; run < 3; run++) {
		REQUIRE(uv_timer_start(&timer, due, 0, 0) == 0);
		wait_beside();
		uv_update_time(loop); /* reads the clock as uv_run does */
		usleep(WAIT_US);      /* EXPECT-NONE */
		REQUIRE(uv_run(loop, run ? UV_RUN_DEFAULT : UV_RUN_NOWAIT) == 0);
		usleep(WAIT_US); /* EXPECT-NONE: it has returned */
		wait_beside();
	}
	for (int run = 0; run < 3; run++)
		wait_behind(loop);
	printf("done\n");
	return 0;
}
