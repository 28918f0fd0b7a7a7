/*
 * Asio's io_context, run by one thread or several, which take turns at its wait:
 *
 *	asio_pool THREADS idle|sleep|condition|lock|future
 *
 * idle: handlers that do nothing, and threads that wait for their turn. sleep: the other handlers make no call
 * at all, and the one that sleeps is the thread's last. condition, lock: a handler waits for a thread of the program.
 * future: a handler waits for what only its own loop could bring, until the process is killed.
 */
#define ASIO_STANDALONE
#include <asio.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;

static const struct timespec moment = { 0, 120000000 }; /* longer than a busy machine excuses */
static asio::io_context context;
static const char *what;
static std::mutex state;
static std::condition_variable changed;
static bool ready;

static void make_ready()
{
	nanosleep(&moment, nullptr);
	std::lock_guard<std::mutex> hold(state);
	ready = true;
	changed.notify_one();
}

static void wait_for_condition()
{
	std::thread other(make_ready);
	std::unique_lock<std::mutex> hold(state);

	changed.wait(hold, [] { return ready; }); /* EXPECT error pthread_cond_wait case=condition */
	hold.unlock();
	other.detach();
}

static void wait_for_lock()
{
	static volatile bool held;
	std::thread other([] {
		std::lock_guard<std::mutex> hold(state);

		held = true;
		nanosleep(&moment, nullptr);
	});

	while (!held)
		sched_yield();
	state.lock(); /* EXPECT error pthread_mutex_lock case=lock */
	state.unlock();
	other.detach();
}

static void wait_for_loop()
{
	asio::steady_timer timer(context, 5ms);
	auto answer = timer.async_wait(asio::use_future);

	answer.get(); /* EXPECT error futex in_progress=true case=future */
}

static void handle(asio::error_code)
{
	if (!strcmp(what, "sleep"))
		nanosleep(&moment, nullptr); /* EXPECT error nanosleep|clock_nanosleep category=sleep case=sleep */
	if (!strcmp(what, "condition"))
		wait_for_condition();
	if (!strcmp(what, "lock"))
		wait_for_lock();
	if (!strcmp(what, "future"))
		wait_for_loop();
}

static void kill_late()
{
	std::this_thread::sleep_for(1500ms);
	kill(getpid(), SIGKILL);
}

int main(int argc, char **argv)
{
	std::vector<std::thread> threads;
	asio::steady_timer once(context, 250ms), beat(context);
	int beats = 0;
	std::function<void(asio::error_code)> tick = [&](asio::error_code) {
		if (++beats == 50)
			return;
		beat.expires_after(3ms);
		beat.async_wait(tick);
	};

	if (argc != 3)
		return 99;
	what = argv[2];
	if (!strcmp(what, "future"))
		std::thread(kill_late).detach();
	tick({});
	once.async_wait(handle);
	for (int i = 1; i < atoi(argv[1]); i++)
		threads.emplace_back([] { context.run(); });
	context.run();
	for (auto &thread : threads)
		thread.join(); /* EXPECT-NONE */
	printf("done\n");
	return 0;
}
