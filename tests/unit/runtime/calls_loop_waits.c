/* What the wrappers of the waiting calls record. */
#include "calls_seen.h"

#include "runtime/calls/loop_waits.h"

static struct waiting waiting;

static void a_poll_tells_its_first_descriptors(void **state)
{
	struct pollfd fds[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		fds[i].fd = i % 2 ? i : -1; /* negative ones are skipped, as the kernel does */
	waiting_poll(&waiting, CALL_poll, fds, 20, true);
	assert_int_equal(waiting.wait.call, CALL_poll);
	assert_int_equal(waiting.wait.epoll_fd, -1);
	assert_int_equal(waiting.wait.descriptors, 10);
	for (int i = 0; i < LOOP_WAIT_FDS; i++)
		assert_int_equal(waiting.wait.first_fds[i], 2 * i + 1);
	assert_true(waiting.wait.may_wait);
	waiting_poll(&waiting, CALL_poll, fds, 100, false);
	assert_int_equal(waiting.wait.descriptors, 32 + 36); /* only the first 64 are looked at */
	assert_false(waiting.wait.may_wait);
	assert_false(waiting.wait.sleeps);
	waiting_poll(&waiting, CALL_poll, NULL, 0, true);
	assert_int_equal(waiting.wait.descriptors, 0);
	assert_true(waiting.wait.sleeps);
	waiting_poll(&waiting, CALL_poll, (struct pollfd *)8, 4, true);
	assert_int_equal(waiting.wait.descriptors, 0);
	assert_false(waiting.wait.sleeps);
}

static void a_select_tells_its_first_descriptors(void **state)
{
	fd_set readable, writable;

	(void)state;
	FD_ZERO(&readable);
	FD_ZERO(&writable);
	FD_SET(3, &readable);
	FD_SET(3, &writable);
	FD_SET(70, &writable);
	FD_SET(1023, &readable);
	waiting_select(&waiting, CALL_select, 1024, &readable, &writable, NULL, true);
	assert_int_equal(waiting.wait.descriptors, 3);
	assert_int_equal(waiting.wait.first_fds[0], 3);
	assert_int_equal(waiting.wait.first_fds[1], 70);
	assert_int_equal(waiting.wait.first_fds[2], 1023);
	waiting_select(&waiting, CALL_select, 70, &readable, &writable, NULL, true);
	assert_int_equal(waiting.wait.descriptors, 1);
	assert_false(waiting.wait.sleeps);
	waiting_select(&waiting, CALL_select, 0, NULL, NULL, NULL, true);
	assert_int_equal(waiting.wait.descriptors, 0);
	assert_true(waiting.wait.sleeps);
	waiting_select(&waiting, CALL_select, FD_SETSIZE + 64, NULL, NULL, NULL, true);
	assert_false(waiting.wait.sleeps);
}

static void results_pass(void **state)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct pollfd pollfd = { .events = POLLIN };
	int epoll = epoll_create1(0), counter = eventfd(1, 0);
	fd_set set;

	(void)state;
	epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event);
	pollfd.fd = counter;
	for (int i = 0; i < 20; i++) { /* long enough to be taken for a loop */
		FD_ZERO(&set);
		FD_SET(counter, &set);
		assert_int_equal(epoll_wait(epoll, &event, 1, -1), 1);
		assert_int_equal(epoll_pwait(epoll, &event, 1, -1, NULL), 1);
		assert_int_equal(epoll_pwait2(epoll, &event, 1, NULL, NULL), 1);
		assert_int_equal(syscall(SYS_epoll_wait, epoll, &event, 1, -1), 1);
		assert_int_equal(poll(&pollfd, 1, -1), 1);
		assert_int_equal(ppoll(&pollfd, 1, NULL, NULL), 1);
		assert_int_equal(select(counter + 1, &set, NULL, NULL, NULL), 1);
		assert_true(FD_ISSET(counter, &set));
		assert_int_equal(pselect(counter + 1, &set, NULL, NULL, NULL, NULL), 1);
	}
	close(epoll);
	close(counter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_poll_tells_its_first_descriptors),
		cmocka_unit_test(a_select_tells_its_first_descriptors),
		cmocka_unit_test(results_pass),
	};

	return RUN_SEEN(tests);
}
