#include "loop_waits.h"

#include <errno.h>

#include "arguments.h"
#include "call.h"

/* Number of entries inspected in a long list of descriptors. */
#define LOOK 64

static void take_fd(struct loop_wait *wait, int fd)
{
	if (wait->descriptors < LOOP_WAIT_FDS)
		wait->first_fds[wait->descriptors] = fd;
	wait->descriptors++;
}

void waiting_epoll(struct waiting *waiting, int call, int fd, bool may_wait)
{
	waiting->wait.call = call;
	waiting->wait.epoll_fd = fd;
	waiting->wait.descriptors = 0;
	waiting->wait.may_wait = may_wait;
	waiting->wait.sleeps = false;
	waiting->fds = NULL;
	waiting->fd_count = 0;
}

void waiting_poll(struct waiting *waiting, int call, struct pollfd *fds, nfds_t count,
		  bool may_wait)
{
	struct loop_wait *wait = &waiting->wait;

	waiting_epoll(waiting, call, -1, may_wait);
	if (count && !may_be_read(fds, (count < LOOK ? count : LOOK) * sizeof *fds))
		return;
	for (nfds_t i = 0; i < count && i < LOOK; i++)
		if (fds[i].fd >= 0)
			take_fd(wait, fds[i].fd);
	if (count > LOOK)
		wait->descriptors += (unsigned)(count - LOOK);
	wait->sleeps = !wait->descriptors;
	waiting->fds = fds;
	waiting->fd_count = count < LOOK ? count : LOOK;
}

/* The kernel reads whole words that cover the given number of bits. */
static unsigned long set_word(const fd_set *set, int word)
{
	return set ? (unsigned long)set->fds_bits[word] : 0;
}

/* The pointer is NULL, or the set can be read. */
static bool set_is_readable(const fd_set *set, int count)
{
	size_t words = ((size_t)count + NFDBITS - 1) / NFDBITS;

	return !set || count <= 0 || may_be_read(set, words * sizeof(fd_mask));
}

void waiting_select(struct waiting *waiting, int call, int count, const fd_set *readable,
		    const fd_set *writable, const fd_set *special, bool may_wait)
{
	bool all_seen = count <= FD_SETSIZE;

	waiting_epoll(waiting, call, -1, may_wait);
	count = all_seen ? count : FD_SETSIZE;
	if (!set_is_readable(readable, count) || !set_is_readable(writable, count) ||
	    !set_is_readable(special, count))
		return;
	for (int word = 0; word * NFDBITS < count; word++) {
		unsigned long bits = set_word(readable, word) | set_word(writable, word) |
				     set_word(special, word);

		if (count - word * NFDBITS < NFDBITS)
			bits &= (1UL << (count - word * NFDBITS)) - 1;
		for (; bits; bits &= bits - 1)
			take_fd(&waiting->wait, word * NFDBITS + __builtin_ctzl(bits));
	}
	waiting->wait.sleeps = all_seen && !waiting->wait.descriptors;
}

void waiting_begin(struct waiting *waiting, uintptr_t caller, uintptr_t frame)
{
	waiting->begun = false;
	this_thread.ready_fd = 0;
	if (UNLIKELY(this_thread.vforked || this_thread.dead || this_thread.exempt ||
		     signal_stack_is_short()))
		return;
	waiting->wait.caller = caller;
	waiting->wait.frame = frame;
	waiting->begun = loop_wait_begin(&waiting->wait);
	if (waiting->begun && waiting->wait.nested) {
		struct call_subject subject = WHEN(waiting->wait.may_wait);

		subject.sleeps = waiting->wait.sleeps;
		call_watch_begin(&waiting->watch, waiting->wait.call, subject);
	}
}

static int hung_up(const struct waiting *waiting, int result)
{
	for (nfds_t i = 0; result > 0 && i < waiting->fd_count; i++)
		if (waiting->fds[i].revents & POLLHUP)
			return waiting->fds[i].fd;
	return -1;
}

/* Within a turn: a wait for one descriptor, reported itself if it slept, or a look at one. */
static void note_ready(const struct loop_wait *wait, bool nested, int result)
{
	if (result == 1 && wait->descriptors == 1 && (nested || !wait->may_wait))
		this_thread.ready_fd = wait->first_fds[0] + 1;
}

int waiting_end(struct waiting *waiting, int result)
{
	note_ready(&waiting->wait, waiting->begun && waiting->wait.nested, result);
	if (waiting->begun && waiting->wait.nested) {
		waiting->watch.failed = result < 0 && errno != EINTR;
		waiting->watch.fd_hung_up = hung_up(waiting, result);
		call_watch_end(&waiting->watch);
	} else if (waiting->begun) {
		loop_wait_end(&waiting->wait, result);
	}
	return result;
}

/* `take` fills in `waiting` from the parameters. */
#define WAITS(name, params, args, take)                                                            \
	EXPORT int name params;                                                                    \
	EXPORT int name params                                                                     \
	{                                                                                          \
		struct waiting waiting;                                                            \
                                                                                                   \
		take;                                                                              \
		waiting_begin(&waiting, (uintptr_t)__builtin_return_address(0),                    \
			      (uintptr_t)__builtin_frame_address(0));                              \
		return waiting_end(&waiting, real.name args);                                      \
	}

WAITS(epoll_wait, (int fd, struct epoll_event *events, int count, int timeout),
      (fd, events, count, timeout), waiting_epoll(&waiting, CALL_epoll_wait, fd, timeout != 0))

WAITS(epoll_pwait,
      (int fd, struct epoll_event *events, int count, int timeout, const sigset_t *mask),
      (fd, events, count, timeout, mask),
      waiting_epoll(&waiting, CALL_epoll_pwait, fd, timeout != 0))

WAITS(epoll_pwait2,
      (int fd, struct epoll_event *events, int count, const struct timespec *timeout,
       const sigset_t *mask),
      (fd, events, count, timeout, mask),
      waiting_epoll(&waiting, CALL_epoll_pwait2, fd, timespec_waits(timeout, true)))

WAITS(poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout),
      waiting_poll(&waiting, CALL_poll, fds, count, timeout != 0))

WAITS(__poll, (struct pollfd * fds, nfds_t count, int timeout), (fds, count, timeout),
      waiting_poll(&waiting, CALL___poll, fds, count, timeout != 0))

WAITS(__poll_chk, (struct pollfd * fds, nfds_t count, int timeout, size_t room),
      (fds, count, timeout, room),
      waiting_poll(&waiting, CALL___poll_chk, fds, count, timeout != 0))

WAITS(ppoll,
      (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask),
      (fds, count, timeout, mask),
      waiting_poll(&waiting, CALL_ppoll, fds, count, timespec_waits(timeout, true)))

WAITS(__ppoll_chk,
      (struct pollfd * fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
       size_t room),
      (fds, count, timeout, mask, room),
      waiting_poll(&waiting, CALL___ppoll_chk, fds, count, timespec_waits(timeout, true)))

WAITS(select,
      (int count, fd_set *readable, fd_set *writable, fd_set *special, struct timeval *timeout),
      (count, readable, writable, special, timeout),
      waiting_select(&waiting, CALL_select, count, readable, writable, special,
		     timeval_waits(timeout, true)))

WAITS(__select,
      (int count, fd_set *readable, fd_set *writable, fd_set *special, struct timeval *timeout),
      (count, readable, writable, special, timeout),
      waiting_select(&waiting, CALL___select, count, readable, writable, special,
		     timeval_waits(timeout, true)))

WAITS(pselect,
      (int count, fd_set *readable, fd_set *writable, fd_set *special,
       const struct timespec *timeout, const sigset_t *mask),
      (count, readable, writable, special, timeout, mask),
      waiting_select(&waiting, CALL_pselect, count, readable, writable, special,
		     timespec_waits(timeout, true)))
