/*
 * Where descriptors came from. This distinguishes a program that serves many clients from one that
 * was started for a single client.
 */
#ifndef RUNTIME_PROCESS_ORIGINS_H
#define RUNTIME_PROCESS_ORIGINS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum origin {
	ORIGIN_UNKNOWN = 0,
	ORIGIN_ACCEPTED,
	ORIGIN_LISTENS, /* or takes datagrams at a port */
	ORIGIN_PAIR,	/* one end of a pipe or a socket pair */
	ORIGIN_TIMER,
};

/* Start-up. False: no memory. */
bool origins_init(void);

void origin_set(int fd, enum origin origin);
void origin_set_pair(const int fds[2]);

enum origin origin_of(int fd);

/* Whether the other end of a pair is also open here: then no other process needs to have it. */
bool origin_has_other_end(int fd);

/*
 * A process or thread serves a single client if its creator accepts connections, or if its standard
 * input is a connection, unless it accepts connections itself.
 */
void origins_forked(void);
void origins_thread_made(pthread_t thread);
bool origins_serve_one_client(void);

#endif
