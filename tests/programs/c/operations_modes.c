/*
 * Operations on descriptors in a callback, each followed by a call that blocks: the callback is
 * watched to its end, whatever becomes of descriptors that are not the loop's.
 */
#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"
#include "loop.h"

static const struct timespec short_time = { 0, 2000000 };

#define SLEEPS (nanosleep(&short_time, NULL) == 0)

/* The kernel may wait for all processors when the table of descriptors grows: before the turn. */
static void grow_descriptor_table(void)
{
	int last = fcntl(0, F_DUPFD_CLOEXEC, 600);

	REQUIRE(last >= 600 && close(last) == 0);
}

/* None is closed here that the loop may have: only what this file opened. */
static void block_after_modes(void)
{
	int off = 0, on = 1, fds[2], copy;

	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	REQUIRE(fcntl(fds[0], F_SETFL, O_RDWR) == 0 && SLEEPS);			/* EXPECT error nanosleep case=modes */
	REQUIRE(fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 && SLEEPS);		/* EXPECT error nanosleep case=modes */
	REQUIRE(fcntl(fds[0], F_SETFL, O_APPEND) == 0 && SLEEPS);		/* EXPECT error nanosleep case=modes */
	REQUIRE(fcntl(fds[0], F_SETFD, FD_CLOEXEC) == 0 && SLEEPS);		/* EXPECT error nanosleep case=modes */
	REQUIRE(fcntl(-1, F_SETFL, 0) == -1 && SLEEPS);				/* EXPECT error nanosleep case=modes */
	REQUIRE(ioctl(fds[1], FIONBIO, &off) == 0 && SLEEPS);			/* EXPECT error nanosleep case=modes */
	REQUIRE(ioctl(fds[1], FIONBIO, &on) == 0 && SLEEPS);			/* EXPECT error nanosleep case=modes */
	REQUIRE(syscall(SYS_ioctl, fds[1], FIONBIO, &off) == 0 && SLEEPS);	/* EXPECT error nanosleep case=modes */
	REQUIRE(syscall(SYS_fcntl, fds[1], F_SETFL, 0) == 0 && SLEEPS);		/* EXPECT error nanosleep case=modes */
	REQUIRE((copy = dup(fds[0])) >= 0 && SLEEPS);				/* EXPECT error nanosleep case=modes */
	REQUIRE(dup2(fds[0], copy) == copy && SLEEPS);				/* EXPECT error nanosleep case=modes */
	REQUIRE(dup2(copy, copy) == copy && SLEEPS);				/* EXPECT error nanosleep case=modes */
	REQUIRE(dup3(fds[1], copy, O_CLOEXEC) == copy && SLEEPS);		/* EXPECT error nanosleep case=modes */
	REQUIRE(close(copy) == 0 && SLEEPS);					/* EXPECT error nanosleep case=modes */
	REQUIRE((copy = fcntl(fds[0], F_DUPFD_CLOEXEC, 600)) >= 600 && SLEEPS); /* EXPECT error nanosleep case=modes */
	REQUIRE(close_range(copy, copy, CLOSE_RANGE_CLOEXEC) == 0 && SLEEPS);	/* EXPECT error nanosleep case=modes */
	REQUIRE(close_range(copy, copy, 0) == 0 && SLEEPS);			/* EXPECT error nanosleep case=modes */
	REQUIRE(close_range(1, 0, 0) == -1 && SLEEPS);				/* EXPECT error nanosleep case=modes */
	closefrom(600);
	REQUIRE(SLEEPS);		    /* EXPECT error nanosleep case=modes */
	REQUIRE(close(-1) == -1 && SLEEPS); /* EXPECT error nanosleep case=modes */
	close(fds[0]);
	close(fds[1]);
}

/* The lowest numbers may be the loop's: an operation that changes nothing of it ends no turn. */
static void block_after_changes_of_the_loop(void)
{
	for (int fd = 3; fd < 20; fd++) {
		int flags = fcntl(fd, F_GETFL);

		if (flags == -1)
			continue;
		fcntl(fd, F_SETFL, flags);
		dup2(fd, fd);
		dup2(-1, fd);
		dup3(fd, fd, 0);
		close(dup(fd));
		close_range(fd, fd, CLOSE_RANGE_CLOEXEC);
		close_range(0, ~0U, ~0U);
	}
	REQUIRE(SLEEPS); /* EXPECT error nanosleep case=loop_modes */
}

static void block_after_processes(void)
{
	static char *const arguments[] = { "nothing", NULL };
	pid_t child = fork();

	if (!child) {
		closefrom(3);
		_exit(0);
	}
	REQUIRE(SLEEPS);					       /* EXPECT error nanosleep case=processes */
	REQUIRE(waitpid(child, NULL, 0) == child);		       /* ALLOW error waitpid case=processes */
	REQUIRE(execv("/nothing/is/here", arguments) == -1 && SLEEPS); /* EXPECT error nanosleep case=processes */
	child = vfork();
	if (!child) {
		execv("/nothing/is/here", arguments);
		_exit(0);
	}
	REQUIRE(SLEEPS);			   /* EXPECT error nanosleep case=processes */
	REQUIRE(waitpid(child, NULL, 0) == child); /* ALLOW error waitpid case=processes */
}

/* Of a non-blocking pair, whose end is made blocking: by itself, or by a copy. */
static int ends[2], copy_of_end;

static void *write_late(void *unused)
{
	helper_wait();
	REQUIRE(write(ends[1], "x", 1) == 1);
	return unused;
}

static void prepare_ends(void)
{
	char byte;

	REQUIRE(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
	copy_of_end = dup(ends[0]);
	REQUIRE(read(ends[0], &byte, 1) == -1 && errno == EAGAIN);
	REQUIRE(read(copy_of_end, &byte, 1) == -1 && errno == EAGAIN);
	helper_start(write_late);
}

static void finish_ends(void)
{
	helper_join();
	close(ends[0]);
	close(ends[1]);
	close(copy_of_end);
}

static void block_made_blocking(void)
{
	char byte;
	ssize_t count;

	REQUIRE(fcntl(ends[0], F_SETFL, 0) == 0);
	helper_begin();
	count = read(ends[0], &byte, 1); /* EXPECT error read category=pipe case=made_blocking */
	REQUIRE(count == 1);
}

static void block_copy_made_blocking(void)
{
	int off = 0;
	char byte;
	ssize_t count;

	REQUIRE(ioctl(copy_of_end, FIONBIO, &off) == 0);
	helper_begin();
	count = read(ends[0], &byte, 1); /* EXPECT error read category=pipe case=copy_made_blocking */
	REQUIRE(count == 1);
}

const struct operation mode_operations[] = {
	{ "modes", grow_descriptor_table, block_after_modes, NULL },
	{ "loop_modes", NULL, block_after_changes_of_the_loop, NULL },
	{ "processes", NULL, block_after_processes, NULL },
	{ "made_blocking", prepare_ends, block_made_blocking, finish_ends },
	{ "copy_made_blocking", prepare_ends, block_copy_made_blocking, finish_ends },
	{ 0 },
};
