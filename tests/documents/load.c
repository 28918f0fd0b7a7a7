/* An event loop whose handler waits in a system call that no libc function made: the example of
 * tools/doc/long-turns.md. */
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* What an inlined read is: the instruction itself. */
static inline long read_inlined(int fd, void *buffer, size_t size)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(SYS_read), "D"(fd), "S"(buffer), "d"(size)
			 : "rcx", "r11", "memory");
	return result;
}

static void load(int fd)
{
	char byte;

	read_inlined(fd, &byte, 1);
}

int main(void)
{
	const struct itimerspec each = { { 0, 10000000 }, { 0, 10000000 } };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	int queue = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };
	int ends[2];
	uint64_t count;

	if (pipe(ends) || timerfd_settime(timer, 0, &each, NULL) ||
	    epoll_ctl(queue, EPOLL_CTL_ADD, timer, &event))
		return 1;
	for (int turn = 0; turn < 20; turn++) {
		if (epoll_wait(queue, &event, 1, -1) != 1 || read(timer, &count, sizeof(count)) < 0)
			return 1;
		if (turn != 15)
			continue;
		if (fork() == 0) {
			usleep(300000);
			_exit(write(ends[1], "", 1) != 1);
		}
		load(ends[0]);
	}
	return 0;
}
