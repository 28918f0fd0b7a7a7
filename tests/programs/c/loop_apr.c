/* The wait is the library's, the loop around it is not. */
#include "loop.h"

#include <apr_general.h>
#include <apr_poll.h>
#include <apr_portable.h>

#include "ticker.h"

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	struct ticker *ticker;
	apr_pollset_t *pollset;
	apr_pollfd_t event = { .desc_type = APR_POLL_FILE, .reqevents = APR_POLLIN };
	apr_pool_t *pool;
	unsigned turn = 0;

	REQUIRE(apr_initialize() == APR_SUCCESS);
	REQUIRE(apr_pool_create(&pool, NULL) == APR_SUCCESS);
	ticker = ticker_create();
	REQUIRE(apr_os_pipe_put(&event.desc.f, &ticker->read_end, pool) == APR_SUCCESS);
	REQUIRE(apr_pollset_create(&pollset, 4, pool, 0) == APR_SUCCESS);
	REQUIRE(apr_pollset_add(pollset, &event) == APR_SUCCESS);
	while (turn < turns) {
		const apr_pollfd_t *ready;
		apr_int32_t count;

		if (apr_pollset_poll(pollset, -1, &count, &ready) != APR_SUCCESS)
			continue;
		ticker_take(ticker);
		callback(turn++);
	}
	apr_pollset_destroy(pollset);
	apr_pool_destroy(pool);
	ticker_destroy(ticker);
}
