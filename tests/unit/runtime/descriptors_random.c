/*
 * Random sequences of operations on descriptors, in the turn of an event loop, against a model:
 * what is kept of a descriptor agrees with the kernel, an operation changes what is kept of its own
 * open file alone, and the turn lasts until the loop's own descriptor is closed.
 */
#include "calls_seen.h"

#include <errno.h>
#include <linux/close_range.h>
#include <sys/wait.h>

#include "runtime/process/descriptors.h"
#include "runtime/loops/event_loop.h"

#define SEQUENCES  10000
#define OPERATIONS 24
#define NUMBERS	   48  /* the program's own are below */
#define PROCESSES  300 /* sequences for each fork or failing exec: these take a millisecond */

static int loop_fd, counter, first; /* the lowest number of the sequences' own */

static uint32_t seed;

static unsigned chance(unsigned count)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % count;
}

/* The model: which open file a number stands for; 0: none. */
static unsigned files[NUMBERS], last_file;
static bool in_turn;

static int any_number(void)
{
	return first + (int)chance((unsigned)(NUMBERS - first));
}

static void model_gone(int fd)
{
	if (fd < 0 || fd >= NUMBERS)
		return;
	files[fd] = 0;
	if (fd == loop_fd)
		in_turn = false;
}

static void model_made(int fd, unsigned file)
{
	assert_true(fd >= first && fd < NUMBERS);
	files[fd] = file;
}

/* One operation; returns the open file that it is about, 0: of none. */
static unsigned make(void)
{
	int fds[2];

	switch (chance(4)) {
	case 0:
		assert_int_equal(pipe(fds), 0);
		break;
	case 1:
		assert_int_equal(pipe2(fds, chance(2) ? O_NONBLOCK : O_CLOEXEC), 0);
		break;
	case 2:
		assert_int_equal(
			socketpair(AF_UNIX, SOCK_STREAM | (chance(2) ? SOCK_NONBLOCK : 0), 0, fds),
			0);
		break;
	default:
		assert_int_equal(syscall(SYS_pipe2, fds, chance(2) ? O_NONBLOCK : 0), 0);
	}
	model_made(fds[0], ++last_file);
	model_made(fds[1], ++last_file);
	return 0;
}

static unsigned copy(int fd)
{
	int made;

	switch (chance(4)) {
	case 0:
		made = dup(fd);
		break;
	case 1:
		made = fcntl(fd, chance(2) ? F_DUPFD : F_DUPFD_CLOEXEC, first);
		break;
	case 2:
		made = (int)syscall(SYS_dup, fd);
		break;
	default:
		made = (int)syscall(SYS_fcntl, fd, F_DUPFD, first);
	}
	if (made >= 0)
		model_made(made, files[fd]);
	return files[fd];
}

static unsigned replace(int fd, int number)
{
	int made;

	switch (chance(4)) {
	case 0:
		made = dup2(fd, number);
		break;
	case 1:
		made = dup3(fd, number, chance(2) ? O_CLOEXEC : 0);
		break;
	case 2:
		made = (int)syscall(SYS_dup2, fd, number);
		break;
	default:
		made = (int)syscall(SYS_dup3, fd, number, 0);
	}
	if (made >= 0 && made != fd) {
		model_gone(number);
		files[number] = files[fd];
	}
	return files[fd];
}

static unsigned set_mode(int fd)
{
	int flags = (chance(2) ? O_NONBLOCK : 0) | (chance(4) ? 0 : O_APPEND);

	switch (chance(4)) {
	case 0:
		fcntl(fd, F_SETFL, flags);
		break;
	case 1:
		ioctl(fd, FIONBIO, &(int){ flags & O_NONBLOCK });
		break;
	case 2:
		syscall(SYS_fcntl, fd, F_SETFL, flags);
		break;
	default:
		syscall(SYS_ioctl, fd, FIONBIO, &(int){ flags & O_NONBLOCK });
	}
	return files[fd];
}

static unsigned ask_only(int fd)
{
	int count;

	switch (chance(5)) {
	case 0:
		fcntl(fd, F_GETFL);
		break;
	case 1:
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		break;
	case 2:
		ioctl(fd, FIONREAD, &count);
		break;
	case 3:
		ioctl(fd, FIONCLEX);
		break;
	default:
		close_range((unsigned)fd, (unsigned)fd, CLOSE_RANGE_CLOEXEC);
	}
	return 0;
}

static unsigned close_one(int fd)
{
	unsigned file = files[fd];

	if (chance(3))
		close(fd);
	else
		syscall(SYS_close, fd);
	model_gone(fd);
	return file;
}

static unsigned close_many(int from, int to)
{
	bool all = !chance(3);

	if (all)
		closefrom(from);
	else if (chance(2))
		close_range((unsigned)from, (unsigned)to, 0);
	else
		syscall(SYS_close_range, from, to, 0);
	for (int fd = from; fd < NUMBERS && (all || fd <= to); fd++)
		model_gone(fd);
	return 0;
}

static unsigned start_process(void)
{
	static char *const arguments[] = { "nothing", NULL };
	pid_t child;

	if (chance(2)) {
		assert_int_equal(execv("/nothing/is/here", arguments), -1);
		return 0;
	}
	child = fork();
	if (!child) {
		closefrom(loop_fd);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	return 0;
}

static unsigned operate(unsigned sequence)
{
	int fd = any_number(), other = any_number();

	/* The loop's own is worth an operation, too: it stays what it was, or the turn ends. */
	if (!chance(12))
		fd = loop_fd;
	if (!chance(60))
		other = loop_fd;
	switch (chance(16)) {
	case 0 ... 3:
		return make();
	case 4 ... 5:
		return copy(fd);
	case 6 ... 7:
		return replace(fd, other);
	case 8 ... 10:
		return set_mode(fd);
	case 11:
		return ask_only(fd);
	case 12:
		return close_one(fd != loop_fd || !chance(8) ? fd : other);
	case 13:
		if (chance(4))
			return 0;
		return close_many(fd > loop_fd ? fd : other, other);
	case 14:
		if (sequence % PROCESSES)
			return 0;
		return start_process();
	default:
		/* A number that nothing was ever open at. */
		return set_mode(NUMBERS - 1);
	}
}

static void agrees_with_the_kernel(int fd)
{
	uint8_t byte = descriptor_table[fd];
	struct stat status;
	int flags = real.fcntl(fd, F_GETFL);

	if (!(byte & DESCRIPTOR_SUBJECT))
		return;
	assert_int_not_equal(flags, -1);
	assert_int_equal(real.fstat(fd, &status), 0);
	assert_int_equal(!!(byte & DESCRIPTOR_NONBLOCKING), !!(flags & O_NONBLOCK));
	assert_int_equal(!!(byte & DESCRIPTOR_APPEND), !!(flags & O_APPEND));
	assert_int_equal((byte & DESCRIPTOR_SUBJECT) == SUBJECT_PIPE, S_ISFIFO(status.st_mode));
	assert_int_equal((byte & DESCRIPTOR_SUBJECT) == SUBJECT_SOCKET, S_ISSOCK(status.st_mode));
}

static bool has_copy(int fd)
{
	for (int other = 0; other < NUMBERS; other++)
		if (other != fd && files[other] == files[fd])
			return true;
	return false;
}

static void run_sequence(unsigned sequence)
{
	for (unsigned i = 0; i < OPERATIONS && in_turn; i++) {
		uint8_t before[NUMBERS];
		unsigned files_before[NUMBERS], file;

		if (chance(2))
			descriptor_get(any_number());
		memcpy(before, descriptor_table, sizeof before);
		memcpy(files_before, files, sizeof files_before);
		file = operate(sequence);
		for (int fd = 0; fd < NUMBERS; fd++) {
			agrees_with_the_kernel(fd);
			if (files[fd] && files[fd] == files_before[fd] && files[fd] != file &&
			    !has_copy(fd) && before[fd] && !(before[fd] & DESCRIPTOR_COPIED))
				assert_int_equal(descriptor_table[fd], before[fd]);
		}
		assert_int_equal(event_loop_turn() != NULL, in_turn);
		assert_int_equal(this_thread.armed, in_turn);
	}
}

static void loop_make(void)
{
	struct epoll_event event = { .events = EPOLLIN };

	loop_fd = epoll_create1(0);
	assert_int_equal(epoll_ctl(loop_fd, EPOLL_CTL_ADD, counter, &event), 0);
	first = loop_fd + 1;
	files[loop_fd] = ++last_file;
}

static void sequences_agree_with_the_model(void **state)
{
	struct epoll_event event;
	unsigned ended = 0;

	(void)state;
	counter = eventfd(1, 0);
	loop_make();
	for (unsigned sequence = 1; sequence <= SEQUENCES; sequence++) {
		assert_int_equal(epoll_wait(loop_fd, &event, 1, -1), 1);
		in_turn = true;
		seed = sequence;
		run_sequence(sequence);
		close_range((unsigned)first, UINT_MAX, 0);
		memset(files + first, 0, sizeof files - (size_t)first * sizeof *files);
		if (in_turn)
			continue;
		ended++;
		close(loop_fd);
		loop_make();
	}
	/* Both ways a sequence ends were taken often. */
	assert_in_range(ended, SEQUENCES / 100, SEQUENCES / 2);
	close(loop_fd);
	close(counter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_agree_with_the_model),
	};

	return RUN_SEEN(tests);
}
