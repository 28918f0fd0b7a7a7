#include "loop.h"

#include <uv.h>

#include "ticker.h"

static struct {
	struct ticker *ticker;
	unsigned turn;
	unsigned turns;
	void (*callback)(unsigned turn);
} state;

static void readable(uv_poll_t *handle, int status, int events)
{
	(void)events;
	REQUIRE(status == 0);
	ticker_take(state.ticker);
	state.callback(state.turn++);
	if (state.turn == state.turns)
		uv_close((uv_handle_t *)handle, NULL);
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	uv_poll_t handle;
	uv_loop_t loop;

	state.turn = 0;
	state.turns = turns;
	state.callback = callback;
	REQUIRE(uv_loop_init(&loop) == 0);
	state.ticker = ticker_create();
	REQUIRE(uv_poll_init(&loop, &handle, state.ticker->read_end) == 0);
	REQUIRE(uv_poll_start(&handle, UV_READABLE, readable) == 0);
	REQUIRE(uv_run(&loop, UV_RUN_DEFAULT) == 0);
	REQUIRE(uv_loop_close(&loop) == 0);
	ticker_destroy(state.ticker);
}
