#include "operations.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper.h"
#include "loop.h"

static int pipe_ends[2];

static void *write_late(void *unused)
{
	helper_wait();
	REQUIRE(write(pipe_ends[1], "line\n", 5) == 5);
	return unused;
}

static void prepare_pipe(void)
{
	REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
	helper_start(write_late);
}

static void finish_pipe(void)
{
	helper_join();
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

static void block_pipe(void)
{
	char text[8];
	ssize_t count;

	helper_begin();
	count = read(pipe_ends[0], text, sizeof(text)); /* EXPECT error read category=pipe case=pipe */
	REQUIRE(count == 5);
}

static FILE *pipe_stream;

static void prepare_stream(void)
{
	prepare_pipe();
	pipe_stream = fdopen(pipe_ends[0], "r");
	REQUIRE(pipe_stream);
}

static void finish_stream(void)
{
	helper_join();
	fclose(pipe_stream);
	close(pipe_ends[1]);
}

static void block_stream(void)
{
	char text[8];
	char *line;

	helper_begin();
	line = fgets(text, sizeof(text), pipe_stream); /* EXPECT error fgets category=pipe case=stream */
	REQUIRE(line);
}

static void block_nested_poll(void)
{
	struct pollfd idle = { .fd = pipe_ends[0], .events = POLLIN };
	int count;

	helper_begin();
	count = poll(&idle, 1, 100 * WAIT_MS); /* EXPECT error poll category=poll case=nested_poll */
	REQUIRE(count == 1);
}

static int listener;
static struct sockaddr_in address;

static void *answer_late(void *unused)
{
	int peer = accept(listener, NULL, NULL); /* EXPECT-NONE: a thread without turns */

	helper_wait();
	REQUIRE(write(peer, "x", 1) == 1);
	close(peer);
	return unused;
}

static void prepare_socket(void)
{
	socklen_t size = sizeof(address);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	address = (struct sockaddr_in){ .sin_family = AF_INET };
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	REQUIRE(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	REQUIRE(listen(listener, 1) == 0);
	REQUIRE(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
	helper_start(answer_late);
}

static void finish_socket(void)
{
	helper_join();
	close(listener);
}

static void block_socket(void)
{
	int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;
	int result;

	result = connect(descriptor, (struct sockaddr *)&address, sizeof(address)); /* EXPECT warning|error connect category=socket case=socket */
	REQUIRE(result == 0);
	helper_begin();
	result = recv(descriptor, &byte, 1, 0); /* EXPECT error recv category=socket case=socket */
	REQUIRE(result == 1);
	close(descriptor);
}

static int saved_stdout;

static void *drain_late(void *unused)
{
	char bytes[4096];

	helper_wait();
	while (read(pipe_ends[0], bytes, sizeof(bytes)) > 0)
		;
	return unused;
}

/* Standard output becomes a full pipe. */
static void prepare_output(void)
{
	char filler[65536];
	int size;

	REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
	size = fcntl(pipe_ends[1], F_SETPIPE_SZ, 4096);
	REQUIRE(size > 0 && (size_t)size <= sizeof(filler));
	memset(filler, '.', size);
	REQUIRE(write(pipe_ends[1], filler, size) == size);
	fflush(stdout);
	saved_stdout = fcntl(1, F_DUPFD_CLOEXEC, 3);
	REQUIRE(dup2(pipe_ends[1], 1) == 1);
	close(pipe_ends[1]);
	helper_start(drain_late);
}

static void finish_output(void)
{
	REQUIRE(dup2(saved_stdout, 1) == 1);
	close(saved_stdout);
	helper_join();
	close(pipe_ends[0]);
}

static void block_output(void)
{
	int result;

	printf("a line for a full pipe\n");
	helper_begin();
	result = fflush(stdout); /* EXPECT error fflush|write category=output case=output */
	REQUIRE(result == 0);
}

static FILE *full_stream;

/* What a stream has pending does not fit into its full pipe. */
static void prepare_setvbuf(void)
{
	char filler[65536];
	int size;

	REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
	size = fcntl(pipe_ends[1], F_SETPIPE_SZ, 4096);
	REQUIRE(size > 0 && (size_t)size <= sizeof(filler));
	memset(filler, '.', size);
	REQUIRE(write(pipe_ends[1], filler, size) == size);
	full_stream = fdopen(pipe_ends[1], "w");
	REQUIRE(full_stream && fputs("pending", full_stream) >= 0);
	helper_start(drain_late);
}

static void finish_setvbuf(void)
{
	fclose(full_stream);
	helper_join();
	close(pipe_ends[0]);
}

static void block_setvbuf(void)
{
	int result;

	helper_begin();
	result = setvbuf(full_stream, NULL, _IONBF, 0); /* EXPECT error setvbuf category=pipe case=setvbuf */
	REQUIRE(result == 0);
	REQUIRE(setvbuf(full_stream, NULL, _IOFBF, 4096) == 0); /* EXPECT-NONE: nothing is pending */
	REQUIRE(fflush(full_stream) == 0);			/* EXPECT-NONE */
}

const struct operation descriptor_operations[] = {
	{ "pipe", prepare_pipe, block_pipe, finish_pipe },
	{ "stream", prepare_stream, block_stream, finish_stream },
	{ "nested_poll", prepare_pipe, block_nested_poll, finish_pipe },
	{ "socket", prepare_socket, block_socket, finish_socket },
	{ "setvbuf", prepare_setvbuf, block_setvbuf, finish_setvbuf },
	{ "output", prepare_output, block_output, finish_output },
	{ 0 },
};
