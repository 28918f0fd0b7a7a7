/*
 *	load PORT CONNECTIONS REQUESTS
 *
 * Load for an echo server on 127.0.0.1: each connection sends 64 bytes, waits for them to come
 * back, and sends again, until so many answers came in all.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE 64
#define EVENTS	64

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void send_message(int fd)
{
	static const char message[MESSAGE];

	if (send(fd, message, sizeof message, MSG_NOSIGNAL) != sizeof message)
		fail("send");
}

static void add_connection(int epoll, const struct sockaddr_in *address)
{
	struct epoll_event event = { .events = EPOLLIN };
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof *address))
		fail("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	event.data.fd = fd;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		fail("epoll_ctl");
	send_message(fd);
}

static void take_answer(int fd)
{
	char answer[MESSAGE];

	if (recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer)
		fail("recv");
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	struct epoll_event events[EVENTS];
	int epoll = epoll_create1(0);
	long wanted;

	if (argc != 4) {
		fprintf(stderr, "usage: load PORT CONNECTIONS REQUESTS\n");
		return 2;
	}
	address.sin_port = htons((uint16_t)atoi(argv[1]));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	wanted = atol(argv[3]);
	for (int i = atoi(argv[2]); i > 0; i--)
		add_connection(epoll, &address);
	while (wanted > 0) {
		int count = epoll_wait(epoll, events, EVENTS, -1);

		for (int i = 0; i < count; i++, wanted--) {
			take_answer(events[i].data.fd);
			send_message(events[i].data.fd);
		}
	}
	return 0;
}
