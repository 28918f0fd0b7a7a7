/* Reads of blocking pipes in GLib's main loop: after a poll that found them ready, and without. */
#include <fcntl.h>
#include <gio/gio.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

#define CHILDREN 5

static GMainLoop *main_loop;
static int ends[2];
static unsigned finished;

static void begin(void);

static void communicated(GObject *child, GAsyncResult *result, gpointer data)
{
	char *text;

	(void)data;
	REQUIRE(g_subprocess_communicate_utf8_finish(G_SUBPROCESS(child), result, &text, NULL, NULL));
	REQUIRE(!strcmp(text, "text\n"));
	g_free(text);
	g_object_unref(child);
	if (++finished < CHILDREN)
		begin();
	else
		g_main_loop_quit(main_loop);
}

/* GIO leaves the pipe blocking, and polls it before each read. */
static void begin(void)
{
	GSubprocess *child = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL, "echo", "text", NULL);

	REQUIRE(child);
	g_subprocess_communicate_utf8_async(child, NULL, NULL, communicated, NULL); /* EXPECT-NONE */
}

static void read_after_poll(void)
{
	struct pollfd look = { .fd = ends[0], .events = POLLIN };
	char bytes[2];

	REQUIRE(poll(&look, 1, 0) == 1);
	REQUIRE(read(ends[0], bytes, 1) == 1); /* EXPECT-NONE */
	REQUIRE(read(ends[0], bytes, 1) == 1); /* EXPECT warning read category=pipe */
}

/* What was polled was another descriptor. */
static void read_unpolled(int other)
{
	struct pollfd look = { .fd = other, .events = POLLOUT };
	char byte;

	REQUIRE(poll(&look, 1, 0) == 1);
	REQUIRE(read(ends[0], &byte, 1) == 1); /* EXPECT warning read category=pipe */
}

static gboolean start(gpointer data)
{
	(void)data;
	read_after_poll();
	read_unpolled(ends[1]);
	begin();
	return G_SOURCE_REMOVE;
}

static gboolean tick(gpointer data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

int main(void)
{
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], "abc", 3) == 3);
	main_loop = g_main_loop_new(NULL, FALSE);
	g_timeout_add(2, tick, NULL);
	g_timeout_add(10, start, NULL);
	g_main_loop_run(main_loop);
	g_main_loop_unref(main_loop);
	printf("done\n");
	return 0;
}
