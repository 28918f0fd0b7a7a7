/* Functions of GLib that wait for a thread or a child of their own, in its main loop. */
#include <gio/gio.h>
#include <netdb.h>
#include <stdio.h>
#include <time.h>

#include "loop.h"

static GMainLoop *main_loop;

/* A name server that takes its time; GIO calls this on a thread. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **results)
{
	const struct timespec wait_time = { 0, 60000000 };

	(void)node, (void)service, (void)hints, (void)results;
	nanosleep(&wait_time, NULL); /* EXPECT-NONE: on a thread of the pool */
	return EAI_NONAME;
}

static void looked_up(GObject *resolver, GAsyncResult *result, gpointer data)
{
	(void)data;
	REQUIRE(!g_resolver_lookup_by_name_finish(G_RESOLVER(resolver), result, NULL));
	g_main_loop_quit(main_loop);
}

static gboolean start(gpointer resolver)
{
	GList *addresses = g_resolver_lookup_by_name(resolver, "one.invalid", NULL, NULL); /* EXPECT error futex */

	REQUIRE(!addresses);
	REQUIRE(g_spawn_command_line_sync("sleep 0.06", NULL, NULL, NULL, NULL));	 /* EXPECT error poll|read|waitpid */
	g_resolver_lookup_by_name_async(resolver, "two.invalid", NULL, looked_up, NULL); /* EXPECT-NONE */
	return G_SOURCE_REMOVE;
}

static gboolean tick(gpointer data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

int main(void)
{
	GResolver *resolver = g_resolver_get_default();

	main_loop = g_main_loop_new(NULL, FALSE);
	g_timeout_add(2, tick, NULL);
	g_timeout_add(10, start, resolver);
	g_main_loop_run(main_loop);
	g_main_loop_unref(main_loop);
	g_object_unref(resolver);
	printf("done\n");
	return 0;
}
