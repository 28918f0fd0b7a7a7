/* A GLib main loop with a timer that waits for a helper program and for a child's answer. */
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

static GMainLoop *loop;

static void refresh_cache(void)
{
	if (system("sleep 0.12"))
		g_main_loop_quit(loop);
}

static void wait_for_device(void)
{
	g_usleep(60000);
}

static gboolean tick(gpointer data)
{
	int *ticks = data;

	if (++*ticks == 1)
		refresh_cache();
	else if (*ticks == 2)
		wait_for_device();
	else
		g_main_loop_quit(loop);
	return G_SOURCE_CONTINUE;
}

int main(void)
{
	int ticks = 0;

	loop = g_main_loop_new(NULL, FALSE);
	g_timeout_add(20, tick, &ticks);
	g_main_loop_run(loop);
	g_main_loop_unref(loop);
	return 0;
}
