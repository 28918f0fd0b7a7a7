#include "loop.h"

#include <stdbool.h>
#include <talloc.h>
#include <tevent.h>

#include "ticker.h"

static struct {
	struct ticker *ticker;
	unsigned turn;
	void (*callback)(unsigned turn);
} state;

static void readable(struct tevent_context *context, struct tevent_fd *event, uint16_t flags,
		     void *unused)
{
	(void)context, (void)event, (void)flags, (void)unused;
	ticker_take(state.ticker);
	state.callback(state.turn++);
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	struct tevent_context *context = tevent_context_init(NULL);

	REQUIRE(context);
	state.turn = 0;
	state.callback = callback;
	state.ticker = ticker_create();
	REQUIRE(tevent_add_fd(context, context, state.ticker->read_end, TEVENT_FD_READ, readable, NULL));
	while (state.turn < turns)
		REQUIRE(tevent_loop_once(context) == 0);
	talloc_free(context);
	ticker_destroy(state.ticker);
}
