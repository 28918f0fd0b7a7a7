/*
 * A service that waits for two sockets of ZeroMQ, and a client in a thread:
 *
 *	zeromq sleep|idle
 *
 * At each call the library looks for commands by a poll of one descriptor: that ends no turn.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "loop.h"

#define REQUESTS 20

static void *context;

static void *ask(void *unused)
{
	static const struct timespec moment = { 0, 2000000 };
	void *socket = zmq_socket(context, ZMQ_REQ);
	char answer[8];

	REQUIRE(zmq_connect(socket, "inproc://service") == 0);
	for (int i = 0; i < REQUESTS; i++) {
		nanosleep(&moment, NULL); /* EXPECT-NONE: a client's thread */
		REQUIRE(zmq_send(socket, "ask", 3, 0) == 3);
		REQUIRE(zmq_recv(socket, answer, sizeof(answer), 0) == 4);
	}
	zmq_close(socket);
	return unused;
}

__attribute__((noinline)) static void answer(void *socket, const char *what)
{
	static const struct timespec moment = { 0, 60000000 };
	char question[8];

	REQUIRE(zmq_recv(socket, question, sizeof(question), ZMQ_DONTWAIT) == 3);
	if (!strcmp(what, "sleep"))
		nanosleep(&moment, NULL); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=sleep */
	REQUIRE(zmq_send(socket, "fine", 4, 0) == 4);
}

int main(int argc, char **argv)
{
	void *service, *jobs;
	pthread_t client;
	int answered = 0;

	REQUIRE(argc == 2);
	context = zmq_ctx_new();
	service = zmq_socket(context, ZMQ_REP);
	jobs = zmq_socket(context, ZMQ_PULL);
	REQUIRE(zmq_bind(service, "inproc://service") == 0 && zmq_bind(jobs, "inproc://jobs") == 0);
	REQUIRE(pthread_create(&client, NULL, ask, NULL) == 0);
	while (answered < REQUESTS) {
		zmq_pollitem_t items[] = {
			{ .socket = service, .events = ZMQ_POLLIN },
			{ .socket = jobs, .events = ZMQ_POLLIN },
		};

		zmq_poll(items, 2, 100);
		if (items[0].revents) {
			answer(service, argv[1]);
			answered++;
		}
	}
	pthread_join(client, NULL);
	zmq_close(jobs);
	zmq_close(service);
	zmq_ctx_term(context);
	return 0;
}
