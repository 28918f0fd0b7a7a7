/*
 * many_threads N: so many threads at a time, each with a loop of its own that sleeps once. Ends with "done".
 */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static pthread_barrier_t all;

static void *serve(void *unused)
{
	const struct timespec nap = { 0, 1000000 };
	struct epoll_event event = { .events = EPOLLIN };
	int queue = epoll_create1(EPOLL_CLOEXEC), ready = eventfd(1, EFD_CLOEXEC);

	if (queue < 0 || ready < 0 || epoll_ctl(queue, EPOLL_CTL_ADD, ready, &event))
		abort();
	pthread_barrier_wait(&all);
	for (int turn = 0; turn < 8; turn++) {
		epoll_wait(queue, &event, 1, -1);
		if (turn == 5)
			nanosleep(&nap, NULL);
	}
	pthread_barrier_wait(&all);
	close(ready);
	close(queue);
	return unused;
}

int main(int argc, char **argv)
{
	unsigned count = argc > 1 ? (unsigned)atoi(argv[1]) : 10;
	pthread_t *threads = calloc(count, sizeof *threads);
	pthread_attr_t attributes;

	pthread_barrier_init(&all, NULL, count);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 65536);
	for (unsigned i = 0; i < count; i++)
		if (pthread_create(&threads[i], &attributes, serve, NULL))
			abort();
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	puts("done");
	return 0;
}
