/* What GLib offers for not blocking its main loop: tasks in threads, and GIO's own threads. */
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static GMainLoop *main_loop;
static unsigned finished;

static void count_finished(void)
{
	if (++finished == 2)
		g_main_loop_quit(main_loop);
}

static void block(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const struct timespec wait_time = { 0, 20000000 };
	char bytes[64];
	int file;

	(void)source, (void)data, (void)cancellable;
	nanosleep(&wait_time, NULL);		       /* EXPECT-NONE: on a thread of the pool */
	file = open("data.txt", O_RDONLY | O_CLOEXEC); /* EXPECT-NONE */
	REQUIRE(read(file, bytes, sizeof(bytes)) > 0); /* EXPECT-NONE */
	close(file);
	g_task_return_boolean(task, TRUE);
}

static void blocked(GObject *source, GAsyncResult *result, gpointer data)
{
	(void)source, (void)data;
	REQUIRE(g_task_propagate_boolean(G_TASK(result), NULL));
	count_finished();
}

static void loaded(GObject *file, GAsyncResult *result, gpointer data)
{
	char *text;

	(void)data;
	REQUIRE(g_file_load_contents_finish(G_FILE(file), result, &text, NULL, NULL, NULL));
	g_free(text);
	count_finished();
}

static gboolean begin(gpointer file)
{
	GTask *task = g_task_new(NULL, NULL, blocked, NULL);

	g_task_run_in_thread(task, block); /* EXPECT-NONE */
	g_object_unref(task);
	g_file_load_contents_async(file, NULL, loaded, NULL); /* EXPECT-NONE */
	return G_SOURCE_REMOVE;
}

static gboolean tick(gpointer data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

int main(void)
{
	/* The first file loads GIO's modules from the disk: before the loop. */
	GFile *file = g_file_new_for_path("data.txt");

	main_loop = g_main_loop_new(NULL, FALSE);
	g_timeout_add(2, tick, NULL);
	g_timeout_add(10, begin, file);
	g_main_loop_run(main_loop);
	g_object_unref(file);
	g_main_loop_unref(main_loop);
	printf("done\n");
	return 0;
}
