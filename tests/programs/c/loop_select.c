/* Two descriptors and a time-out, as loops of this kind are written. */
#include "loop.h"

#include <errno.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ticker.h"

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	struct ticker *ticker;
	unsigned turn = 0;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	REQUIRE(bind(listener, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)) == 0);
	REQUIRE(listen(listener, 1) == 0);
	ticker = ticker_create();
	while (turn < turns) {
		struct timeval second = { 1, 0 };
		int last = listener > ticker->read_end ? listener : ticker->read_end;
		fd_set set;
		int count;

		FD_ZERO(&set);
		FD_SET(listener, &set);
		FD_SET(ticker->read_end, &set);
		count = select(last + 1, &set, NULL, NULL, &second);
		if (count < 0 && errno == EINTR)
			continue;
		if (count == 0)
			continue;
		ticker_take(ticker);
		callback(turn++);
	}
	close(listener);
	ticker_destroy(ticker);
}
