/*
 * Loops that differ in whom they serve, and do the same:
 *
 *	session fork|thread|peer|many|timer
 *
 * fork, thread: a process or thread for each client, made by one that accepts. peer: a client, which waits for one
 * server and an eventfd. many: the thread that accepts serves its clients itself. timer: a client with a timer.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

#define CLIENTS	 3
#define REQUESTS 6

static const struct timespec moment = { 0, 20000000 };
static struct sockaddr_in address = { .sin_family = AF_INET };

static void answer(int connection, const char *bytes, ssize_t count)
{
	nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep */
	REQUIRE(send(connection, bytes, (size_t)count, MSG_DONTWAIT) == count);
}

/* Waits for a second descriptor as well: of one alone it would be no loop. */
static void serve(int connection, int besides, bool is_server)
{
	char bytes[16];
	ssize_t count;

	for (;;) {
		struct pollfd fds[] = { { .fd = connection, .events = POLLIN }, { .fd = besides, .events = POLLIN } };

		REQUIRE(poll(fds, 2, 5000) >= 0);
		if (fds[1].revents && !is_server)
			REQUIRE(read(besides, bytes, 8) == 8);
		if (!fds[0].revents)
			continue;
		count = recv(connection, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (count <= 0)
			break;
		answer(connection, bytes, count);
	}
	close(connection);
}

static void *serve_in_thread(void *connection)
{
	serve((int)(long)connection, eventfd(0, EFD_NONBLOCK), false);
	return NULL;
}

static void ask(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		int connection = socket(AF_INET, SOCK_STREAM, 0);
		char byte;

		REQUIRE(connect(connection, (struct sockaddr *)&address, sizeof(address)) == 0);
		for (int j = 0; j < REQUESTS; j++)
			REQUIRE(write(connection, "x", 1) == 1 && read(connection, &byte, 1) == 1);
		close(connection);
	}
	_exit(0);
}

static void serve_all(int server, const char *way)
{
	for (int i = 0; i < CLIENTS; i++) {
		int connection = accept(server, NULL, NULL); /* ALLOW warning|error accept */
		pthread_t thread;

		REQUIRE(connection >= 0);
		if (!strcmp(way, "thread")) {
			REQUIRE(!pthread_create(&thread, NULL, serve_in_thread, (void *)(long)connection));
			REQUIRE(!pthread_join(thread, NULL));
		} else if (!strcmp(way, "many")) {
			serve(connection, server, true);
		} else {
			if (!fork()) {
				close(server);
				serve_in_thread((void *)(long)connection);
				exit(0);
			}
			close(connection);
		}
	}
}

static int listen_somewhere(void)
{
	int server = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);

	REQUIRE(server >= 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	REQUIRE(bind(server, (struct sockaddr *)&address, size) == 0 && listen(server, CLIENTS) == 0);
	REQUIRE(getsockname(server, (struct sockaddr *)&address, &size) == 0);
	return server;
}

/* The other way round: this process answers what the server that it connects to asks. */
static void be_client(bool timer)
{
	const struct itimerspec every = { { 0, 50000000 }, { 0, 50000000 } };
	int connection, besides, ends[2];

	REQUIRE(pipe(ends) == 0);
	if (!fork()) {
		int server = listen_somewhere();
		char byte;

		REQUIRE(write(ends[1], &address, sizeof(address)) == sizeof(address));
		connection = accept(server, NULL, NULL);
		for (int i = 0; i < REQUESTS; i++)
			REQUIRE(write(connection, "x", 1) == 1 && read(connection, &byte, 1) == 1);
		_exit(0);
	}
	REQUIRE(read(ends[0], &address, sizeof(address)) == sizeof(address));
	connection = socket(AF_INET, SOCK_STREAM, 0);
	REQUIRE(connect(connection, (struct sockaddr *)&address, sizeof(address)) == 0);
	besides = timer ? timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK) : eventfd(0, EFD_NONBLOCK);
	if (timer)
		REQUIRE(timerfd_settime(besides, 0, &every, NULL) == 0);
	serve(connection, besides, false);
}

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	if (!strcmp(argv[1], "peer") || !strcmp(argv[1], "timer")) {
		be_client(!strcmp(argv[1], "timer"));
	} else {
		int server = listen_somewhere();

		if (!fork())
			ask();
		serve_all(server, argv[1]);
	}
	while (wait(NULL) > 0)
		;
	printf("done\n");
	return 0;
}
