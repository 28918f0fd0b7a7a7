/*
 * stalls STEP...: turns that hold their executor, one after the other, each a step of its own in a
 * marked turn; see tests/stalls.py for what is to be found. Ends with "done".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "yieldsan/yieldsan.h"

#define PAGE 4096

static int fds[2], faults;
static volatile char *page;
static volatile sig_atomic_t urgent;

static void fail(const char *what)
{
	perror(what);
	exit(errno == EPERM || errno == ENOSYS ? 77 : 99);
}

static void rest(unsigned ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

static long used_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* Of the processor's time, for others may have it meanwhile. */
static void compute(unsigned ms)
{
	long end = used_us() + ms * 1000L;

	while (used_us() < end)
		for (volatile unsigned i = 0; i < 100000; i++) /* HOT */
			;
}

static void hang(void)
{
	for (volatile unsigned i = 0;; i++) /* HANGS */
		;
}

static void *write_later(void *unused)
{
	rest(300);
	if (write(fds[1], "x", 1) != 1)
		fail("write");
	return unused;
}

static long raw_read(int fd, void *to, size_t size)
{
	long result;

	__asm__ volatile("syscall" /* past every wrapper */
			 : "=a"(result)
			 : "a"(SYS_read), "D"((long)fd), "S"(to), "d"(size)
			 : "rcx", "r11", "memory");
	return result;
}

static void wait_past_libc(void)
{
	char byte;

	if (raw_read(fds[0], &byte, 1) != 1)
		fail("read");
}

static void *fill_later(void *unused)
{
	struct uffd_msg message;
	struct uffdio_zeropage zero = { .range.len = PAGE };

	if (read(faults, &message, sizeof message) != sizeof message)
		fail("userfaultfd");
	rest(300);
	zero.range.start = message.arg.pagefault.address & ~(uint64_t)(PAGE - 1);
	if (ioctl(faults, UFFDIO_ZEROPAGE, &zero))
		fail("UFFDIO_ZEROPAGE");
	return unused;
}

/* As of a file that is mapped from slow storage. */
static void make_slow_page(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .range.len = PAGE, .mode = UFFDIO_REGISTER_MODE_MISSING };

	faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults < 0 || ioctl(faults, UFFDIO_API, &api))
		fail("userfaultfd");
	page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)page;
	if (ioctl(faults, UFFDIO_REGISTER, &range))
		fail("UFFDIO_REGISTER");
}

static void touch_page(void)
{
	if (page[0]) /* FAULTS */
		exit(99);
}

/* As vfork(2), with a child that takes its time until it executes another program. */
static void start_slow_child(void)
{
	if (!syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL)) {
		rest(300);
		_exit(0);
	}
}

static void in_turn_beside(void (*what)(void), void *(*beside)(void *))
{
	pthread_t thread;

	pthread_create(&thread, NULL, beside, NULL);
	yieldsan_turn_begin("stalls");
	what();
	yieldsan_turn_end();
	pthread_join(thread, NULL);
}

static void note_urgent(int signal)
{
	(void)signal;
	urgent++;
}

/* The program's own use of the signal that samples come by: nothing more, nothing less arrives. */
static void use_signal(void)
{
	struct sigaction mine = { .sa_handler = note_urgent }, known;
	struct timespec none = { 0 };
	sigset_t urgents;

	if (sigaction(SIGURG, &mine, NULL) || sigaction(SIGURG, NULL, &known) ||
	    known.sa_handler != note_urgent || (known.sa_flags & SA_SIGINFO))
		exit(98);
	for (int i = 0; i < 10; i++) {
		compute(20);
		raise(SIGURG);
	}
	if (urgent != 10)
		exit(97);
	sigemptyset(&urgents);
	sigaddset(&urgents, SIGURG);
	pthread_sigmask(SIG_BLOCK, &urgents, NULL);
	compute(100);
	if (sigtimedwait(&urgents, NULL, &none) != -1 || errno != EAGAIN)
		exit(96);
	raise(SIGURG);
	if (sigtimedwait(&urgents, NULL, &none) != SIGURG)
		exit(95);
	pthread_sigmask(SIG_UNBLOCK, &urgents, NULL);
	if (signal(SIGURG, SIG_IGN) != note_urgent)
		exit(94);
}

/* Busy in and out of waits: none of them is interrupted. */
static void wait_often(void)
{
	int epoll = epoll_create1(0), event = eventfd(0, 0);
	struct epoll_event events = { .events = EPOLLIN };

	epoll_ctl(epoll, EPOLL_CTL_ADD, event, &events);
	for (long end = used_us() + 500000; used_us() < end;) {
		if (epoll_wait(epoll, &events, 1, 0) < 0)
			exit(93);
		yieldsan_offload_begin();
		if (epoll_pwait2(epoll, &events, 1, &(struct timespec){ 0, 1000 }, NULL) < 0 ||
		    usleep(1))
			exit(92);
		yieldsan_offload_end();
	}
}

static void step(const char *name)
{
	if (!strcmp(name, "short")) {
		for (int i = 0; i < 20000; i++) {
			yieldsan_turn_begin("stalls");
			yieldsan_turn_end();
		}
		return;
	}
	if (!strcmp(name, "read") && !pipe(fds)) {
		in_turn_beside(wait_past_libc, write_later);
		return;
	}
	if (!strcmp(name, "fault")) {
		make_slow_page();
		in_turn_beside(touch_page, fill_later);
		return;
	}
	yieldsan_turn_begin("stalls");
	if (!strcmp(name, "nested")) {
		yieldsan_turn_begin("inner");
		rest(150);
		yieldsan_offload_begin();
		rest(150);
		yieldsan_offload_end();
		yieldsan_turn_end();
	} else if (!strcmp(name, "busy"))
		compute(400);
	else if (!strcmp(name, "brief"))
		compute(3);
	else if (!strcmp(name, "hang"))
		hang();
	else if (!strcmp(name, "sleep"))
		rest(150);
	else if (!strcmp(name, "two")) {
		usleep(2000);
		rest(150);
	} else if (!strcmp(name, "signal"))
		use_signal();
	else if (!strcmp(name, "child"))
		start_slow_child();
	else if (!strcmp(name, "waits"))
		wait_often();
	yieldsan_turn_end();
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		step(argv[i]);
	puts("done");
	return 0;
}
