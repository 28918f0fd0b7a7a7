#include "loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "ticker.h"

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	struct epoll_event event = { .events = EPOLLIN };
	struct ticker *ticker;
	unsigned turn = 0;
	int queue = epoll_create1(EPOLL_CLOEXEC);

	ticker = ticker_create();
	REQUIRE(epoll_ctl(queue, EPOLL_CTL_ADD, ticker->read_end, &event) == 0);
	while (turn < turns) {
		int count = epoll_wait(queue, &event, 1, -1);

		if (count < 0 && errno == EINTR)
			continue;
		REQUIRE(count == 1);
		ticker_take(ticker);
		callback(turn++);
	}
	close(queue);
	ticker_destroy(ticker);
}
