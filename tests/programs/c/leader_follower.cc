/*
 * Threads that take turns at one wait (leader and followers), handed over by a mutex and a condition, or by a
 * semaphore; the handlers are called by their names:
 *
 *	leader_follower condition|semaphore|mutex|look idle|other|sleep|held|answer
 *
 * mutex: the leader holds it while it waits. look: as MariaDB's pool of threads, a follower looks for events
 * without waiting, with the mutex in hand, before it waits for the condition. held: a handler keeps a mutex locked.
 * answer: a handler waits for a semaphore that another thread posts.
 * other: a handler waits for a condition under another mutex.
 */
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <thread>
#include <time.h>
#include <unistd.h>
#include <vector>

static const char *way, *what;
static std::mutex pool_state;
static std::condition_variable pool_free;
static sem_t token;
static std::mutex leads, kept;
static bool led;
static volatile bool ended;
static int queue;
static std::atomic<int> handled;

__attribute__((noinline)) static int wait_for_events(epoll_event *events, int timeout)
{
	return epoll_wait(queue, events, 4, timeout);
}

/* The events are level-triggered: the leader gets them, too. */
__attribute__((noinline)) static void look()
{
	epoll_event events[4];

	wait_for_events(events, 0);
}

__attribute__((noinline)) static void become_leader()
{
	if (!strcmp(way, "semaphore")) {
		sem_wait(&token); /* EXPECT-NONE */
		return;
	}
	if (!strcmp(way, "mutex")) {
		leads.lock(); /* EXPECT-NONE */
		return;
	}
	std::unique_lock<std::mutex> hold(pool_state); /* EXPECT-NONE */

	if (!strcmp(way, "look") && led)
		look();
	pool_free.wait(hold, [] { return !led || ended; }); /* EXPECT-NONE */
	led = true;
}

__attribute__((noinline)) static void hand_over()
{
	if (!strcmp(way, "semaphore")) {
		sem_post(&token);
		return;
	}
	if (!strcmp(way, "mutex")) {
		leads.unlock();
		return;
	}
	{
		std::lock_guard<std::mutex> hold(pool_state);

		led = false;
	}
	pool_free.notify_all();
}

__attribute__((noinline)) static void wait_for_other()
{
	static std::mutex state;
	static std::condition_variable changed;
	bool ready = false;
	std::thread other([&] {
		const struct timespec moment = { 0, 120000000 }; /* longer than a busy machine excuses */

		nanosleep(&moment, nullptr);
		std::lock_guard<std::mutex> hold(state);
		ready = true;
		changed.notify_all();
	});
	std::unique_lock<std::mutex> hold(state);

	changed.wait(hold, [&] { return ready; }); /* EXPECT error pthread_cond_wait case=other */
	hold.unlock();
	other.join(); /* ALLOW error pthread_join|pthread_clockjoin_np case=other */
}

/* Another handler's lock: the pool's own does not hide it. */
__attribute__((noinline)) static void keep_locked()
{
	kept.lock(); /* EXPECT warning lock-across-yield role=acquired case=held ALLOW error cancelled-holding case=held */
}

__attribute__((noinline)) static void wait_for_answer()
{
	sem_t answer;

	sem_init(&answer, 0, 0);
	std::thread other([&] {
		const struct timespec moment = { 0, 120000000 };

		nanosleep(&moment, nullptr);
		sem_post(&answer);
	});
	sem_wait(&answer); /* EXPECT error sem_wait case=answer */
	other.join();	   /* ALLOW error pthread_join|pthread_clockjoin_np case=answer */
}

__attribute__((noinline)) static void handle()
{
	const struct timespec moment = { 0, 30000000 };
	int number = handled++;

	if (number % 20 == 19 && !strcmp(what, "sleep"))
		nanosleep(&moment, nullptr); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=sleep */
	if (number % 20 == 19 && !strcmp(what, "answer"))
		wait_for_answer();
	if (number == 19 && !strcmp(what, "held"))
		keep_locked();
	if (number % 20 == 19 && !strcmp(what, "other"))
		wait_for_other();
	ended = ended || number >= 120;
}

static void work()
{
	while (!ended) {
		epoll_event events[4];
		int count;

		become_leader();
		count = wait_for_events(events, 50);
		hand_over();
		for (int i = 0; i < count; i++) {
			std::uint64_t ticks;

			if (read(events[i].data.fd, &ticks, sizeof ticks) == sizeof ticks)
				handle();
		}
	}
}

int main(int argc, char **argv)
{
	std::vector<std::thread> threads;

	if (argc != 3)
		return 99;
	way = argv[1];
	what = argv[2];
	sem_init(&token, 0, 1);
	queue = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < 2; i++) {
		int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
		const struct itimerspec every = { { 0, 10000000 }, { 0, 5000000 + i * 3000000 } };
		epoll_event event = {};

		timerfd_settime(timer, 0, &every, nullptr);
		event.events = EPOLLIN;
		event.data.fd = timer;
		epoll_ctl(queue, EPOLL_CTL_ADD, timer, &event);
	}
	for (int i = 0; i < 3; i++)
		threads.emplace_back(work);
	for (auto &thread : threads)
		thread.join();
	printf("done\n");
	return 0;
}
