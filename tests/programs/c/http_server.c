#include "http_server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static pthread_t thread;
static int listener;
static unsigned left;

static void answer(int peer)
{
	static const char text[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\n" HTTP_BODY;
	const struct timespec delay = { 0, 3000000 };
	char request[4096];
	size_t size = 0;

	while (size < 4 || memcmp(request + size - 4, "\r\n\r\n", 4)) {
		ssize_t count = read(peer, request + size, sizeof(request) - size); /* EXPECT-NONE */

		REQUIRE(count > 0);
		size += count;
	}
	nanosleep(&delay, NULL); /* EXPECT-NONE */
	REQUIRE(write(peer, text, sizeof(text) - 1) == sizeof(text) - 1);
	close(peer);
}

static void *serve(void *unused)
{
	for (; left; left--)
		answer(accept(listener, NULL, NULL)); /* EXPECT-NONE */
	close(listener);
	return unused;
}

void http_server_start(unsigned requests, char *url, unsigned long size)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t address_size = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	left = requests;
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	REQUIRE(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	REQUIRE(listen(listener, 64) == 0);
	REQUIRE(getsockname(listener, (struct sockaddr *)&address, &address_size) == 0);
	snprintf(url, size, "http://127.0.0.1:%d/", ntohs(address.sin_port));
	REQUIRE(pthread_create(&thread, NULL, serve, NULL) == 0);
}

void http_server_join(void)
{
	REQUIRE(pthread_join(thread, NULL) == 0);
}
