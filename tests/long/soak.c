/*
 * Violations for a long time: `soak SECONDS'. Two loops that live as long as the program, and every
 * 100 ms a thread with a loop of its own that lives for 20 turns. Each counts its own calls; the
 * sums are printed at the end.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define SHORT_TURNS	20
#define MOST_AT_A_TIME	64
#define THREAD_EVERY_NS 100000000

static const struct timespec moment = { 0, 20000 };
static atomic_ulong counts[3];
static atomic_bool stopped;
static atomic_int alive;

/* Each is one place of one stack. */
__attribute__((noinline)) static void site_a(void)
{
	nanosleep(&moment, NULL);
	counts[0]++;
}

__attribute__((noinline)) static void site_b(void)
{
	nanosleep(&moment, NULL);
	counts[1]++;
}

__attribute__((noinline)) static void site_c(void)
{
	nanosleep(&moment, NULL);
	counts[2]++;
}

/* Waits up to 2 ms between two calls: about 500 calls a second. */
static void run_loop(void (*site)(void), unsigned turns)
{
	int queue = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event;

	if (queue < 0)
		abort();
	for (unsigned i = 0; turns ? i < turns : !stopped; i++) {
		epoll_wait(queue, &event, 1, 1);
		site();
	}
	close(queue);
}

static void *run_long(void *site)
{
	run_loop(*(void (**)(void))site, 0);
	return NULL;
}

static void *run_short(void *nothing)
{
	run_loop(site_c, SHORT_TURNS);
	alive--;
	return nothing;
}

int main(int argc, char **argv)
{
	static void (*const sites[2])(void) = { site_a, site_b };
	struct timespec pause = { 0, THREAD_EVERY_NS };
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 60);
	pthread_attr_t detached;
	pthread_t threads[2], thread;
	unsigned long started = 0;

	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 2; i++)
		if (pthread_create(&threads[i], NULL, run_long, (void *)&sites[i]))
			abort();
	while (time(NULL) < end) {
		nanosleep(&pause, NULL);
		if (alive >= MOST_AT_A_TIME)
			continue;
		alive++;
		if (pthread_create(&thread, &detached, run_short, NULL))
			abort();
		started++;
	}
	stopped = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	while (alive)
		nanosleep(&pause, NULL);
	printf("{\"site_a\": %lu, \"site_b\": %lu, \"site_c\": %lu, \"threads\": %lu}\n", counts[0],
	       counts[1], counts[2], started);
	return 0;
}
