#include "loop.h"

#include <sys/epoll.h>
#include <systemd/sd-event.h>

#include "ticker.h"

static struct {
	struct ticker *ticker;
	unsigned turn;
	unsigned turns;
	void (*callback)(unsigned turn);
} state;

static int readable(sd_event_source *source, int fd, uint32_t events, void *unused)
{
	(void)fd, (void)events, (void)unused;
	ticker_take(state.ticker);
	state.callback(state.turn++);
	if (state.turn == state.turns)
		sd_event_exit(sd_event_source_get_event(source), 0);
	return 0;
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	sd_event_source *source;
	sd_event *event;

	state.turn = 0;
	state.turns = turns;
	state.callback = callback;
	REQUIRE(sd_event_new(&event) >= 0);
	state.ticker = ticker_create();
	REQUIRE(sd_event_add_io(event, &source, state.ticker->read_end, EPOLLIN, readable, NULL) >= 0);
	REQUIRE(sd_event_loop(event) >= 0);
	sd_event_source_unref(source);
	sd_event_unref(event);
	ticker_destroy(state.ticker);
}
