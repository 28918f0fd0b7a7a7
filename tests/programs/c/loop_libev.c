#include "loop.h"

#include <ev.h>

#include "ticker.h"

static struct {
	struct ticker *ticker;
	unsigned turn;
	unsigned turns;
	void (*callback)(unsigned turn);
} state;

static void readable(struct ev_loop *loop, ev_io *watcher, int events)
{
	(void)events;
	ticker_take(state.ticker);
	state.callback(state.turn++);
	if (state.turn == state.turns)
		ev_io_stop(loop, watcher);
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
	ev_io watcher;

	REQUIRE(loop);
	state.turn = 0;
	state.turns = turns;
	state.callback = callback;
	state.ticker = ticker_create();
	ev_io_init(&watcher, readable, state.ticker->read_end, EV_READ);
	ev_io_start(loop, &watcher);
	ev_run(loop, 0);
	ev_loop_destroy(loop);
	ticker_destroy(state.ticker);
}
