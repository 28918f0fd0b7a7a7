/* How the wrappers of the waiting calls tell executors/event_loop.h what is waited for. */
#ifndef RUNTIME_CALLS_LOOP_WAITS_H
#define RUNTIME_CALLS_LOOP_WAITS_H

#include <poll.h>
#include <stdbool.h>
#include <sys/select.h>

#include "call.h"
#include "runtime/loops/event_loop.h"

/* One wait on its wrapper's stack. */
struct waiting {
	struct loop_wait wait;
	struct call_watch watch;  /* of a wait that is no loop's own */
	const struct pollfd *fds; /* as far as they are looked at; NULL: not polled, or not ours to
				     read */
	nfds_t fd_count;
	bool begun;
};

/* Fill in what is waited for. */
void waiting_epoll(struct waiting *waiting, int call, int fd, bool may_wait);
void waiting_poll(struct waiting *waiting, int call, struct pollfd *fds, nfds_t count,
		  bool may_wait);
void waiting_select(struct waiting *waiting, int call, int count, const fd_set *readable,
		    const fd_set *writable, const fd_set *special, bool may_wait);

void waiting_begin(struct waiting *waiting, uintptr_t caller, uintptr_t frame);

/* Returns `result`, what the wait returned. */
int waiting_end(struct waiting *waiting, int result);

#endif
