/* The descriptors that a loop waits for: an epoll instance, or the first few that it polls. */
#include <string.h>

#include "event_loop.h"
#include "loop.h"

void loop_note_descriptors(struct loop *loop, const struct loop_wait *wait)
{
	loop->descriptors = wait->descriptors;
	memcpy(loop->first_fds, wait->first_fds, sizeof loop->first_fds);
}

bool loop_polls_few(const struct loop_wait *wait)
{
	return wait->epoll_fd < 0 && wait->descriptors < FEW_POLLED;
}

static bool first_fds_have(const int *fds, unsigned count, int fd)
{
	for (unsigned i = 0; i < count && i < LOOP_WAIT_FDS; i++)
		if (fds[i] == fd)
			return true;
	return false;
}

bool loop_is_polled(const struct loop *loop, const struct loop_wait *wait)
{
	return wait->epoll_fd < 0 && loop->epoll_fd >= 0 &&
	       first_fds_have(wait->first_fds, wait->descriptors, loop->epoll_fd);
}

bool loop_polled(const struct loop *loop, const struct loop_wait *wait)
{
	return loop->epoll_fd < 0 && wait->epoll_fd >= 0 && !wait->may_wait &&
	       first_fds_have(loop->first_fds, loop->descriptors, wait->epoll_fd);
}

bool loop_shares_descriptors(const struct loop *loop, const struct loop_wait *wait)
{
	unsigned own = loop->descriptors < LOOP_WAIT_FDS ? loop->descriptors : LOOP_WAIT_FDS;
	unsigned other = wait->descriptors < LOOP_WAIT_FDS ? wait->descriptors : LOOP_WAIT_FDS;

	if (wait->epoll_fd >= 0 || loop->epoll_fd >= 0)
		return wait->epoll_fd == loop->epoll_fd || loop_is_polled(loop, wait);
	/* One of several: the others have to wait meanwhile. */
	if (own >= FEW_POLLED && loop_polls_few(wait))
		return false;
	for (unsigned i = 0; i < own; i++)
		for (unsigned j = 0; j < other; j++)
			if (loop->first_fds[i] == wait->first_fds[j])
				return true;
	return false;
}

static bool is_within(int fd, unsigned first, unsigned last)
{
	return fd >= 0 && (unsigned)fd >= first && (unsigned)fd <= last;
}

bool loop_is_over_without(struct loop *loop, unsigned first, unsigned last)
{
	unsigned open = 0;

	if (loop->epoll_fd >= 0)
		return is_within(loop->epoll_fd, first, last);
	/* A library polls again whatever was closed; of many descriptors only some are known. */
	if (loop->known || loop->descriptors > LOOP_WAIT_FDS)
		return false;
	for (unsigned i = 0; i < loop->descriptors; i++) {
		if (is_within(loop->first_fds[i], first, last))
			loop->first_fds[i] = -1;
		open += loop->first_fds[i] >= 0;
	}
	return !open;
}
