/* A blocking call below a frame of code made at run time: a report on it reads /tmp/perf-PID.map. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static void blocks(void)
{
	struct timespec time = { 0, 70000000 };

	nanosleep(&time, NULL);
}

int main(void)
{
	/* push %rbp; mov %rsp,%rbp; mov $blocks,%rax; call *%rax; pop %rbp; ret */
	unsigned char code[] = { 0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xd0, 0x5d, 0xc3 };
	int epoll = epoll_create1(0), event = eventfd(1, EFD_NONBLOCK);
	struct epoll_event ready = { .events = EPOLLIN };
	void (*function)(void) = blocks, (*made)(void);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(code + 6, &function, 8);
	memcpy(page, code, sizeof code);
	memcpy(&made, &page, sizeof made);
	epoll_ctl(epoll, EPOLL_CTL_ADD, event, &ready);
	for (int i = 0; i < 11; i++) {
		epoll_wait(epoll, &ready, 1, -1);
		if (i >= 8)
			made();
	}
	return 0;
}
