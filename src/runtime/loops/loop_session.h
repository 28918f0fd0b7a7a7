/*
 * Loops that serve one client or talk to one peer: blocking them delays no other client. Found by
 * the descriptors that they wait for.
 */
#ifndef RUNTIME_LOOPS_LOOP_SESSION_H
#define RUNTIME_LOOPS_LOOP_SESSION_H

#include "judgement/session.h"

struct loop;

enum session loop_session(struct loop *loop);

/* An epoll instance was made; a descriptor was added to it or removed. */
void loop_set_made(int epoll_fd);
void loop_set_adds(int epoll_fd, int fd);
void loop_set_drops(int epoll_fd, int fd);

#endif
