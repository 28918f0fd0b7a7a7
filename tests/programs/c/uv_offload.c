/* Everything that libuv offers for not blocking its loop, used in callbacks of the loop. */
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "loop.h"

static unsigned finished;

static void block(uv_work_t *work)
{
	const struct timespec wait_time = { 0, 20000000 };
	char bytes[64];
	int file;

	(void)work;
	nanosleep(&wait_time, NULL);		       /* EXPECT-NONE: on a thread of the pool */
	file = open("data.txt", O_RDONLY | O_CLOEXEC); /* EXPECT-NONE */
	REQUIRE(read(file, bytes, sizeof(bytes)) > 0); /* EXPECT-NONE */
	close(file);
}

static void worked(uv_work_t *work, int status)
{
	(void)work;
	REQUIRE(status == 0);
	finished++;
}

static char text[64];
static uv_buf_t buffer = { .base = text, .len = sizeof(text) };

static void file_closed(uv_fs_t *request)
{
	uv_fs_req_cleanup(request);
	finished++;
}

static void file_read(uv_fs_t *request)
{
	int file = (int)(intptr_t)request->data;

	REQUIRE(request->result > 0);
	uv_fs_req_cleanup(request);
	uv_fs_close(uv_default_loop(), request, file, file_closed); /* EXPECT-NONE */
}

static void file_opened(uv_fs_t *request)
{
	int file = (int)request->result;

	REQUIRE(file >= 0);
	uv_fs_req_cleanup(request);
	request->data = (void *)(intptr_t)file;
	uv_fs_read(uv_default_loop(), request, file, &buffer, 1, 0, file_read); /* EXPECT-NONE */
}

static void found(uv_getaddrinfo_t *request, int status, struct addrinfo *addresses)
{
	(void)request;
	REQUIRE(status == 0);
	uv_freeaddrinfo(addresses);
	finished++;
}

static void child_ended(uv_process_t *process, int64_t status, int signal)
{
	REQUIRE(status == 0 && signal == 0);
	uv_close((uv_handle_t *)process, NULL);
	finished++;
}

static void begin(uv_timer_t *timer)
{
	static uv_work_t work;
	static uv_fs_t file;
	static uv_getaddrinfo_t lookup;
	static uv_process_t process;
	static char *arguments[] = { "sleep", "0.02", NULL };
	static const uv_process_options_t options = { .file = "sleep",
						      .args = arguments,
						      .exit_cb = child_ended };
	uv_loop_t *loop = timer->loop;

	REQUIRE(uv_queue_work(loop, &work, block, worked) == 0);		     /* EXPECT-NONE */
	REQUIRE(uv_fs_open(loop, &file, "data.txt", O_RDONLY, 0, file_opened) == 0); /* EXPECT-NONE */
	REQUIRE(uv_getaddrinfo(loop, &lookup, found, "localhost", "80", NULL) == 0); /* EXPECT-NONE */
	REQUIRE(uv_spawn(loop, &process, &options) == 0);			     /* EXPECT-NONE: its status pipe is its own affair */
}

static void tick(uv_timer_t *timer)
{
	if (finished == 4)
		uv_close((uv_handle_t *)timer, NULL);
}

int main(void)
{
	uv_timer_t once, often;

	uv_timer_init(uv_default_loop(), &often);
	uv_timer_start(&often, tick, 1, 2);
	uv_timer_init(uv_default_loop(), &once);
	uv_timer_start(&once, begin, 10, 0);
	REQUIRE(uv_run(uv_default_loop(), UV_RUN_DEFAULT) == 0);
	REQUIRE(finished == 4);
	printf("done\n");
	return 0;
}
