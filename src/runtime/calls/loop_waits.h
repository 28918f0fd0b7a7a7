/* How the wrappers of waiting calls describe a wait to loops/event_loop.h. */
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
	struct call_watch watch;  /* for a wait that is not a loop's own */
	const struct pollfd *fds; /* entries to inspect; NULL: none, or not readable */
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

/* Returns `result`, the result of the wait. */
int waiting_end(struct waiting *waiting, int result);

#endif
