#include "loop.h"

#include <glib-unix.h>
#include <glib.h>

#include "ticker.h"

static struct {
	struct ticker *ticker;
	GMainLoop *loop;
	unsigned turn;
	unsigned turns;
	void (*callback)(unsigned turn);
} state;

static gboolean readable(gint descriptor, GIOCondition condition, gpointer unused)
{
	(void)descriptor, (void)condition, (void)unused;
	ticker_take(state.ticker);
	state.callback(state.turn++);
	if (state.turn < state.turns)
		return G_SOURCE_CONTINUE;
	g_main_loop_quit(state.loop);
	return G_SOURCE_REMOVE;
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	state.turn = 0;
	state.turns = turns;
	state.callback = callback;
	state.loop = g_main_loop_new(NULL, FALSE);
	state.ticker = ticker_create();
	g_unix_fd_add(state.ticker->read_end, G_IO_IN, readable, NULL);
	g_main_loop_run(state.loop);
	g_main_loop_unref(state.loop);
	ticker_destroy(state.ticker);
}
