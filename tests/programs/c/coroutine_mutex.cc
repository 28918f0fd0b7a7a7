/*
 * Coroutines of C++20 that an epoll loop resumes, with std::mutex and std::shared_mutex:
 *
 *	coroutine_mutex CASE		across, shared, released
 */
#include <coroutine>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <shared_mutex>

extern "C" {
#include "loop.h"
}

namespace
{

std::mutex mutex;
std::shared_mutex shared;

struct Task {
	struct promise_type {
		Task get_return_object()
		{
			return {std::coroutine_handle<promise_type>::from_promise(*this)};
		}
		std::suspend_always initial_suspend() { return {}; }
		std::suspend_always final_suspend() noexcept { return {}; }
		void return_void() {}
		void unhandled_exception() { std::terminate(); }
	};
	std::coroutine_handle<promise_type> handle;
};

using Tick = std::suspend_always;

Task across()
{
	co_await Tick{};
	co_await Tick{};
	{
		std::lock_guard<std::mutex> guard(mutex); /* EXPECT warning lock-across-yield role=acquired case=across */
		co_await Tick{};
		co_await Tick{};
	}
	co_await Tick{};
}

Task held_shared()
{
	co_await Tick{};
	co_await Tick{};
	{
		std::shared_lock<std::shared_mutex> guard(shared); /* EXPECT warning lock-across-yield role=acquired case=shared */
		co_await Tick{};
	}
	co_await Tick{};
}

Task released()
{
	for (int i = 0; i < 3; i++) {
		{
			std::lock_guard<std::mutex> guard(mutex); /* EXPECT-NONE */
			std::unique_lock<std::shared_mutex> other(shared); /* EXPECT-NONE */
		}
		co_await Tick{};
	}
}

Task task;

void resume(unsigned)
{
	if (!task.handle.done())
		task.handle.resume();
}

} // namespace

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	if (!strcmp(argv[1], "across"))
		task = across();
	else if (!strcmp(argv[1], "shared"))
		task = held_shared();
	else if (!strcmp(argv[1], "released"))
		task = released();
	else
		REQUIRE(!"a case");
	loop_run(12, resume);
	REQUIRE(task.handle.done());
	task.handle.destroy();
	printf("done\n");
	return 0;
}
