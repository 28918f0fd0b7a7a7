#include "loop.h"

#include <iv.h>

#include "ticker.h"

static struct {
	struct ticker *ticker;
	struct iv_fd event;
	unsigned turn;
	unsigned turns;
	void (*callback)(unsigned turn);
} state;

static void readable(void *unused)
{
	(void)unused;
	ticker_take(state.ticker);
	state.callback(state.turn++);
	if (state.turn == state.turns)
		iv_fd_unregister(&state.event);
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	state.turn = 0;
	state.turns = turns;
	state.callback = callback;
	iv_init();
	state.ticker = ticker_create();
	IV_FD_INIT(&state.event);
	state.event.fd = state.ticker->read_end;
	state.event.handler_in = readable;
	iv_fd_register(&state.event);
	iv_main();
	iv_deinit();
	ticker_destroy(state.ticker);
}
