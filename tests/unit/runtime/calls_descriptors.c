/* The record of descriptors follows every call that makes, changes or closes one. */
#include "calls_seen.h"

#include <errno.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "runtime/calls/status_pipe.h"
#include "runtime/process/descriptors.h"

static char path[] = "/tmp/yieldsan-descriptors-XXXXXX";

static void mode_is(int fd, enum trace_subject subject, bool nonblocking)
{
	struct descriptor kept = descriptor_get(fd), asked = descriptor_ask(fd);

	assert_int_equal(kept.subject, subject);
	assert_int_equal(kept.nonblocking, nonblocking);
	assert_int_equal(asked.subject, subject);
	assert_int_equal(asked.nonblocking, nonblocking);
}

static void sockets_are_known_from_their_call(void **state)
{
	int fds[2], fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	(void)state;
	mode_is(fd, SUBJECT_SOCKET, true);
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	mode_is(fd, SUBJECT_SOCKET, false);
	close(fd);
	socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds);
	mode_is(fds[0], SUBJECT_SOCKET, true);
	mode_is(fds[1], SUBJECT_SOCKET, true);
	close(fds[0]);
	close(fds[1]);
}

static void accepted_sockets_do_not_inherit_their_mode(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0), clients[2], made[2];

	(void)state;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	bind(listener, (struct sockaddr *)&address, sizeof address);
	listen(listener, 2);
	getsockname(listener, (struct sockaddr *)&address, &size);
	for (int i = 0; i < 2; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		connect(clients[i], (struct sockaddr *)&address, sizeof address);
	}
	fcntl(listener, F_SETFL, O_NONBLOCK);
	made[0] = accept(listener, NULL, NULL);
	made[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	mode_is(made[0], SUBJECT_SOCKET, false);
	mode_is(made[1], SUBJECT_SOCKET, true);
	for (int i = 0; i < 2; i++) {
		close(clients[i]);
		close(made[i]);
	}
	close(listener);
}

static void pipes_and_events_are_known_from_their_call(void **state)
{
	int fds[2], fd;

	(void)state;
	pipe2(fds, O_NONBLOCK);
	mode_is(fds[0], SUBJECT_PIPE, true);
	close(fds[0]);
	close(fds[1]);
	pipe(fds);
	mode_is(fds[1], SUBJECT_PIPE, false);
	close(fds[0]);
	close(fds[1]);
	fd = eventfd(0, EFD_NONBLOCK);
	mode_is(fd, SUBJECT_EVENT, true);
	close(fd);
	fd = timerfd_create(CLOCK_MONOTONIC, 0);
	mode_is(fd, SUBJECT_EVENT, false);
	close(fd);
	fd = epoll_create1(0);
	mode_is(fd, SUBJECT_EVENT, false);
	close(fd);
	fd = inotify_init1(IN_NONBLOCK);
	mode_is(fd, SUBJECT_EVENT, true);
	close(fd);
	fd = memfd_create("x", 0);
	mode_is(fd, SUBJECT_MEMORY_FILE, false);
	close(fd);
}

static void the_close_of_what_never_waits_is_not_watched(void **state)
{
	static const char *const memory[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom",
					      "/proc/self/stat" };
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof memory / sizeof *memory; i++) {
		fd = open(memory[i], O_RDONLY);
		mode_is(fd, SUBJECT_MEMORY_FILE, false);
		assert_string_equal(SEEN_IN_TURN(close(fd)), "none");
	}
	fd = open(path, O_RDONLY);
	assert_string_equal(SEEN_IN_TURN(close(fd)), "close");
}

static void a_reused_number_is_asked_anew(void **state)
{
	int fds[2], fd;

	(void)state;
	pipe2(fds, O_NONBLOCK);
	descriptor_get(fds[0]);
	close(fds[0]);
	fd = open(path, O_RDONLY);
	assert_int_equal(fd, fds[0]);
	mode_is(fd, SUBJECT_REGULAR_FILE, false);
	syscall(SYS_close, fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(fd, fds[0]);
	mode_is(fd, SUBJECT_SOCKET, false);
	dup2(fds[1], fd);
	mode_is(fd, SUBJECT_PIPE, true);
	dup3(STDIN_FILENO, fd, O_CLOEXEC);
	assert_int_not_equal(descriptor_get(fd).subject, SUBJECT_PIPE);
	close(fd);
	close(fds[1]);
}

static void streams_and_directories_close_their_descriptor(void **state)
{
	FILE *stream = fopen(path, "r");
	int fd = fileno(stream);
	DIR *directory;

	(void)state;
	mode_is(fd, SUBJECT_REGULAR_FILE, false);
	fclose(stream);
	assert_int_equal(descriptor_get(fd).subject, SUBJECT_NONE);
	directory = opendir("/tmp");
	fd = dirfd(directory);
	assert_int_not_equal(descriptor_get(fd).subject, SUBJECT_NONE);
	closedir(directory);
	assert_int_equal(descriptor_get(fd).subject, SUBJECT_NONE);
	stream = popen(":", "r");
	fd = fileno(stream);
	assert_int_equal(descriptor_get(fd).subject, SUBJECT_PIPE);
	pclose(stream);
	assert_int_equal(descriptor_get(fd).subject, SUBJECT_NONE);
	stream = setmntent(path, "r");
	fd = fileno(stream);
	descriptor_get(fd);
	endmntent(stream);
	assert_int_equal(descriptor_get(fd).subject, SUBJECT_NONE);
}

static void ranges_are_closed(void **state)
{
	int fds[2];

	(void)state;
	pipe(fds);
	assert_int_equal(dup2(fds[0], 900), 900);
	assert_int_equal(dup2(fds[0], 901), 901);
	descriptor_get(900);
	descriptor_get(901);
	close_range(900, 900, CLOSE_RANGE_CLOEXEC);
	assert_int_equal(descriptor_get(900).subject, SUBJECT_PIPE);
	close_range(900, 900, 0);
	assert_int_equal(descriptor_get(900).subject, SUBJECT_NONE);
	closefrom(901);
	assert_int_equal(descriptor_get(901).subject, SUBJECT_NONE);
	close(fds[0]);
	close(fds[1]);
}

static void modes_follow_fcntl_and_ioctl(void **state)
{
	int fds[2], copy;

	(void)state;
	pipe(fds);
	descriptor_get(fds[0]);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	mode_is(fds[0], SUBJECT_PIPE, true);
	copy = fcntl(fds[0], F_DUPFD_CLOEXEC, 100);
	mode_is(copy, SUBJECT_PIPE, true);
	ioctl(copy, FIONBIO, &(int){ 0 }); /* of the open file, which both share */
	mode_is(fds[0], SUBJECT_PIPE, false);
	mode_is(copy, SUBJECT_PIPE, false);
	syscall(SYS_fcntl, copy, F_SETFL, O_NONBLOCK);
	mode_is(copy, SUBJECT_PIPE, true);
	close(copy);
	close(fds[0]);
	close(fds[1]);
}

static void appending_follows_fdopen(void **state)
{
	int fd = open(path, O_WRONLY);
	FILE *stream;

	(void)state;
	assert_false(descriptor_get(fd).append);
	stream = fdopen(fd, "a");
	assert_true(descriptor_get(fd).append);
	fclose(stream);
}

/* The child's closes are not the parent's. */
static void a_vfork_child_changes_nothing(void **state)
{
	int fds[2];
	pid_t child;

	(void)state;
	pipe2(fds, O_NONBLOCK);
	child = vfork();
	if (!child) {
		close(fds[0]);
		if (open("/dev/null", O_RDONLY) != fds[0])
			_exit(1);
		_exit(this_thread.vforked && !this_thread.armed ? 0 : 1);
	}
	mode_is(fds[0], SUBJECT_PIPE, true);
	assert_false(this_thread.vforked);
	assert_int_equal(waitpid(child, &(int){ 0 }, 0), child);
	close(fds[0]);
	close(fds[1]);
}

static void the_pipe_made_before_a_fork_is_the_status_pipe(void **state)
{
	int other[2], fds[2];
	pid_t child;

	(void)state;
	pipe2(other, O_CLOEXEC);
	pipe2(fds, O_CLOEXEC);
	assert_false(status_pipe_is(fds[0]));
	child = fork();
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	assert_true(status_pipe_is(fds[0]));
	assert_false(status_pipe_is(fds[1]));
	assert_false(status_pipe_is(other[0]));
	close(fds[0]);
	assert_false(status_pipe_is(fds[0]));
	close(fds[1]);
	close(other[0]);
	close(other[1]);

	socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds);
	child = vfork();
	if (!child)
		_exit(0);
	waitpid(child, NULL, 0);
	assert_true(status_pipe_is(fds[0]));
	assert_true(status_pipe_is(fds[1]));
	closefrom(fds[0]);
	assert_false(status_pipe_is(fds[0]));
}

static int setup(void **state)
{
	close(mkstemp(path));
	(void)state;
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return seen_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_are_known_from_their_call),
		cmocka_unit_test(accepted_sockets_do_not_inherit_their_mode),
		cmocka_unit_test(pipes_and_events_are_known_from_their_call),
		cmocka_unit_test(the_close_of_what_never_waits_is_not_watched),
		cmocka_unit_test(a_reused_number_is_asked_anew),
		cmocka_unit_test(streams_and_directories_close_their_descriptor),
		cmocka_unit_test(ranges_are_closed),
		cmocka_unit_test(modes_follow_fcntl_and_ioctl),
		cmocka_unit_test(appending_follows_fdopen),
		cmocka_unit_test(a_vfork_child_changes_nothing),
		cmocka_unit_test(the_pipe_made_before_a_fork_is_the_status_pipe),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
