/* Two descriptors, as a small server has: its listening socket, and what wakes it up. */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ticker.h"

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	struct ticker *ticker;
	struct pollfd set[2];
	unsigned turn = 0;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	REQUIRE(bind(listener, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)) == 0);
	REQUIRE(listen(listener, 1) == 0);
	ticker = ticker_create();
	set[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	set[1] = (struct pollfd){ .fd = ticker->read_end, .events = POLLIN };
	while (turn < turns) {
		int count = poll(set, 2, -1);

		if (count < 0 && errno == EINTR)
			continue;
		REQUIRE(count == 1);
		ticker_take(ticker);
		callback(turn++);
	}
	close(listener);
	ticker_destroy(ticker);
}
