/*
 * Threads with loops that block until somebody kills the process: `killed FILE THREADS'. Each adds one to its
 * counter in the file, a shared mapping, after each call.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "hostile.h"

#define MOST 8

static void *block_and_count(void *counter)
{
	struct timespec moment = { 0, 50000 };
	struct loop loop = loop_open();
	struct epoll_event event;

	for (;;) {
		epoll_wait(loop.queue, &event, 1, -1);
		nanosleep(&moment, NULL);
		++*(volatile unsigned long *)counter;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	unsigned long *counters;
	pthread_t thread;

	if (fd < 0 || ftruncate(fd, MOST * sizeof *counters))
		return 2;
	counters = mmap(NULL, MOST * sizeof *counters, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	for (int i = 1; i < atoi(argv[2]); i++)
		pthread_create(&thread, NULL, block_and_count, &counters[i]);
	block_and_count(&counters[0]);
	return 0;
}
