#include "loop_session.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "runtime/base/compiler.h"
#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/process/descriptors.h"
#include "runtime/process/origins.h"

#define SETS 1024 /* epoll instances by number; higher numbers count as serving many */

/*
 * Number of descriptors an epoll instance waits for, and of changes. With many descriptors it
 * serves many clients.
 */
static struct loop_set {
	unsigned count, changes;
	int fds[LOOP_WAIT_FDS];
} sets[SETS];

static struct loop_set *set_of(int epoll_fd)
{
	return epoll_fd >= 0 && epoll_fd < SETS && !this_thread.vforked ? &sets[epoll_fd] : NULL;
}

void loop_set_made(int epoll_fd)
{
	struct loop_set *set = set_of(epoll_fd);

	if (set && set->count) {
		set->count = 0;
		set->changes++;
	}
}

void loop_set_adds(int epoll_fd, int fd)
{
	struct loop_set *set = set_of(epoll_fd);
	unsigned place;

	if (!set)
		return;
	for (place = 0; place < set->count && place < LOOP_WAIT_FDS; place++)
		if (set->fds[place] == fd)
			return;
	if (place < LOOP_WAIT_FDS)
		set->fds[place] = fd;
	set->count++;
	set->changes++;
}

void loop_set_drops(int epoll_fd, int fd)
{
	struct loop_set *set = set_of(epoll_fd);

	for (unsigned i = 0; set && set->count <= LOOP_WAIT_FDS && i < set->count; i++)
		if (set->fds[i] == fd) {
			set->fds[i] = set->fds[--set->count];
			set->changes++;
			return;
		}
}

struct peers {
	unsigned accepted, connected, away, others;
};

static bool is_connected(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;

	return !runtime_silent && !getpeername(fd, (struct sockaddr *)&address, &size);
}

static void peers_count(struct peers *peers, int fd)
{
	enum origin origin = origin_of(fd);
	enum trace_subject subject = descriptor_get(fd).subject;

	if (subject == SUBJECT_NONE) /* closed since then */
		return;
	if (fd <= STDERR_FILENO && origin == ORIGIN_UNKNOWN)
		peers->away++;
	else if (origin == ORIGIN_ACCEPTED)
		peers->accepted++;
	else if (origin == ORIGIN_LISTENS || origin == ORIGIN_TIMER)
		peers->others++;
	else if (origin == ORIGIN_PAIR)
		*(origin_has_other_end(fd) ? &peers->others : &peers->away) += 1;
	else if (subject == SUBJECT_SOCKET)
		*(is_connected(fd) ? &peers->connected : &peers->others) += 1;
	else if (subject == SUBJECT_PIPE || subject == SUBJECT_TERMINAL)
		peers->away++;
	else if (subject != SUBJECT_EVENT)
		peers->others++;
}

static enum session session_find(const int *fds, unsigned number)
{
	struct peers peers = { 0 };
	bool serves_one = origins_serve_one_client();

	if (number > LOOP_WAIT_FDS)
		return SESSION_MANY;
	for (unsigned i = 0; i < number; i++) {
		if (origin_of(fds[i]) == ORIGIN_LISTENS)
			return SESSION_MANY;
		peers_count(&peers, fds[i]);
	}
	if (serves_one && peers.accepted <= 1)
		return SESSION_ONE;
	if (!peers.accepted && !peers.others && peers.connected <= 1 &&
	    peers.connected + peers.away)
		return SESSION_PEER;
	return SESSION_MANY;
}

/* Identifies the wait's descriptors: they are classified again when they change. */
static unsigned mark_of(const struct loop *loop, const struct loop_set *set)
{
	/* A thread may run before its creator returns from pthread_create. */
	unsigned mark = 2 + origins_serve_one_client();

	if (set)
		return mark + 2 * set->changes;
	mark += 2 * loop->descriptors;
	for (unsigned i = 0; i < loop->descriptors && i < LOOP_WAIT_FDS; i++)
		mark = mark * 31 + (unsigned)loop->first_fds[i];
	return mark ? mark : 1;
}

enum session loop_session(struct loop *loop)
{
	const struct loop_set *set = loop->epoll_fd >= 0 ? set_of(loop->epoll_fd) : NULL;
	unsigned mark;

	if (loop->known || this_thread.accepts || (loop->epoll_fd >= 0 && !set))
		return SESSION_MANY;
	mark = mark_of(loop, set);
	if (loop->session_mark != mark) {
		loop->session = (uint8_t)(set ? session_find(set->fds, set->count)
					      : session_find(loop->first_fds, loop->descriptors));
		loop->session_mark = mark;
	}
	return loop->session;
}
