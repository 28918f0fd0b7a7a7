#include "loop.h"

#include <event2/event.h>

#include "ticker.h"

static struct {
	struct ticker *ticker;
	struct event_base *base;
	unsigned turn;
	unsigned turns;
	void (*callback)(unsigned turn);
} state;

static void readable(evutil_socket_t descriptor, short what, void *unused)
{
	(void)descriptor, (void)what, (void)unused;
	ticker_take(state.ticker);
	state.callback(state.turn++);
	if (state.turn == state.turns)
		event_base_loopbreak(state.base);
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	struct event *event;

	state.turn = 0;
	state.turns = turns;
	state.callback = callback;
	state.base = event_base_new();
	REQUIRE(state.base);
	state.ticker = ticker_create();
	event = event_new(state.base, state.ticker->read_end, EV_READ | EV_PERSIST, readable, NULL);
	REQUIRE(event_add(event, NULL) == 0);
	REQUIRE(event_base_dispatch(state.base) == 0);
	event_free(event);
	event_base_free(state.base);
	ticker_destroy(state.ticker);
}
