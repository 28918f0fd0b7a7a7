/*
 * Labels, on the line of the await: HELD, a guard has its lock there, on every path; MAYBE, on some, or it is not known;
 * SEEN, on every path, which only the code of an optimised build shows; YIELD, while a generator hands out a value;
 * ASYNC, a lock made for coroutines; HEAP, a guard that lies in no frame; OWN, one of a type of the program's own;
 * HAND, a lock without a guard; no label, nothing.
 */
#include <coroutine>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

struct Task {
	struct promise_type {
		Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
		std::suspend_always initial_suspend() { return {}; }
		std::suspend_always final_suspend() noexcept { return {}; }
		void return_void() {}
		void unhandled_exception() {}
	};
	std::coroutine_handle<promise_type> handle;
};

struct Generator {
	struct promise_type {
		int value;
		Generator get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
		std::suspend_always initial_suspend() { return {}; }
		std::suspend_always final_suspend() noexcept { return {}; }
		std::suspend_always yield_value(int n) { value = n; return {}; }
		void return_void() {}
		void unhandled_exception() {}
	};
	std::coroutine_handle<promise_type> handle;
};

/* Awaits whatever it is given. */
struct Later {
	int n;
	bool await_ready() const { return n > 1000; }
	void await_suspend(std::coroutine_handle<>) const {}
	int await_resume() const { return n; }
};

struct Throwing {
	int n;
	bool await_ready() { return false; }
	void await_suspend(std::coroutine_handle<>) {}
	int await_resume() { if (n > 500) throw std::runtime_error("later"); return n; }
};

/* A lock for coroutines: it blocks no thread. */
namespace coro {
struct async_mutex {
	void lock() {}
	void unlock() {}
};
}

struct Session {
	std::lock_guard<std::mutex> guard;
	std::string name;
	Session(std::mutex &m) : guard(m), name("session") {}
};

struct Derived : Session {
	int more = 1;
	Derived(std::mutex &m) : Session(m) {}
};

class Own {
	std::mutex &m;
public:
	explicit Own(std::mutex &mutex) : m(mutex) { m.lock(); }
	~Own() { m.unlock(); }
};

std::mutex m, m2;
std::shared_mutex rw;
coro::async_mutex am;
int work(int n);
__attribute__((noinline)) void meddle(std::unique_lock<std::mutex> &u) { if (u.owns_lock()) u.unlock(); }

Task held(int n)
{
	std::lock_guard<std::mutex> g(m);
	int r = work(n);
	co_await Later{n}; // HELD
	work(r);
}
Task released_by_scope(int n)
{
	{
		std::lock_guard<std::mutex> g(m);
		work(n);
	}
	co_await Later{n};
	work(n);
}
Task awaited_before(int n)
{
	co_await Later{n};
	std::lock_guard<std::mutex> g(m);
	work(n);
}
Task deduced(int n)
{
	std::lock_guard g{m};
	co_await Later{n}; // HELD
	std::scoped_lock none;
	co_await Later{n + 1}; // HELD
}
Task unlocked(int n)
{
	std::unique_lock<std::mutex> u(m);
	work(n);
	u.unlock();
	co_await Later{n};
	u.lock();
	work(n);
}
Task locked_again(int n)
{
	std::unique_lock<std::mutex> u(m);
	u.unlock();
	u.lock();
	co_await Later{n}; // HELD
	work(n);
}
Task unique(int n)
{
	std::unique_lock u(m);
	co_await Later{n}; // HELD
	work(n);
}
Task deferred(int n)
{
	std::unique_lock<std::mutex> u(m, std::defer_lock);
	co_await Later{n};
	u.lock();
	work(n);
}
Task tried(int n)
{
	std::unique_lock<std::mutex> u(m, std::try_to_lock);
	co_await Later{n}; // MAYBE
	work(n);
}
Task meddled(int n)
{
	std::unique_lock<std::mutex> u(m);
	meddle(u);
	co_await Later{n}; // MAYBE
	work(n);
}
Task unlocked_on_one_path(int n)
{
	std::unique_lock<std::mutex> u(m);
	if (n > 3)
		u.unlock();
	co_await Later{n}; // MAYBE
	work(n);
}
Task argument(std::unique_lock<std::mutex> u, int n)
{
	co_await Later{n}; // MAYBE
	work(n);
}
Task moved(int n)
{
	std::unique_lock<std::mutex> u(m);
	std::unique_lock<std::mutex> v(std::move(u));
	co_await Later{n}; // SEEN
	work(n);
}
Task shared(int n)
{
	std::shared_lock<std::shared_mutex> r(rw);
	co_await Later{n}; // HELD
	r.unlock();
	co_await Later{n + 1};
}
Task nested(int n)
{
	co_await Later{n};
	{
		std::scoped_lock<std::mutex, std::mutex> both(m, m2);
		co_await Later{n + 1}; // HELD
		{
			std::shared_lock<std::shared_mutex> inner(rw);
			work(n);
		}
		co_await Later{n + 2}; // HELD
	}
	co_await Later{n + 3};
}
Task loops(int n)
{
	for (int i = 0; i < n; i++) {
		co_await Later{i};
		std::lock_guard<std::mutex> g(m);
		work(i);
		if (i > 3)
			co_await Later{i + 1}; // HELD
		else if (i > 2)
			continue;
		work(i);
	}
	co_await Later{n};
}
Task branches(int n)
{
	if (n > 1) {
		std::lock_guard<std::mutex> g(m);
		work(n);
	} else {
		co_await Later{n};
	}
	switch (n) {
	case 1: {
		std::lock_guard<std::mutex> g(m);
		work(n);
		break;
	}
	case 2:
		co_await Later{n};
		break;
	default: {
		std::lock_guard<std::mutex> g(m2);
		co_await Later{n}; // HELD
	}
	}
}
Task tries(int n)
{
	try {
		std::lock_guard<std::mutex> g(m);
		co_await Throwing{n}; // HELD
		work(n);
	} catch (const std::exception &) {
		work(n);
	}
	co_await Throwing{n};
	try {
		std::lock_guard<std::mutex> g(m);
		work(n);
	} catch (...) {
	}
	co_await Throwing{n};
}
Task early_return(int n)
{
	std::lock_guard<std::mutex> g(m);
	if (n > 5)
		co_return;
	work(n);
}
Task in_a_lambda(int n)
{
	auto f = [n] { std::lock_guard<std::mutex> g(m); return work(n); };
	f();
	co_await Later{n};
	f();
}
static int locked(int k)
{
	std::lock_guard<std::mutex> g(m);
	return k;
}
Task in_a_called_function(int n)
{
	co_await Later{locked(n)};
	work(n);
}
Task temporary(int n)
{
	work((std::lock_guard<std::mutex>(m), n));
	co_await Later{n};
	work((std::lock_guard<std::mutex>(m), co_await Later{n})); // HELD, a temporary
}
Task struct_with_guard(int n)
{
	Session s(m);
	co_await Later{n}; // HELD
	work(n);
}
Task derived(int n)
{
	Derived d(m);
	co_await Later{n}; // HELD
	work(n);
}
Task tuple(int n)
{
	std::pair<int, std::unique_lock<std::mutex>> p(1, std::unique_lock<std::mutex>(m));
	co_await Later{n}; // SEEN
	work(n);
}
Task optional(int n)
{
	std::optional<std::lock_guard<std::mutex>> o;
	if (n > 2)
		o.emplace(m);
	co_await Later{n}; // MAYBE
	work(n);
}
Task array(int n)
{
	std::unique_lock<std::mutex> a[2];
	a[0] = std::unique_lock<std::mutex>(m);
	co_await Later{n}; // MAYBE
	work(n);
}
Task on_the_heap(int n)
{
	auto p = std::make_unique<std::lock_guard<std::mutex>>(m);
	co_await Later{n}; // HEAP
	work(n);
}
Task owned_type(int n)
{
	Own own(m);
	co_await Later{n}; // OWN
	work(n);
}
Task by_hand(int n)
{
	m.lock();
	co_await Later{n}; // HAND
	m.unlock();
}
Task asynchronous(int n)
{
	std::lock_guard<coro::async_mutex> g(am);
	co_await Later{n}; // ASYNC
	work(n);
}
Generator numbers(int n)
{
	std::lock_guard<std::mutex> g(m);
	for (int i = 0; i < n; i++)
		co_yield i; // YIELD
}
Generator free_numbers(int n)
{
	for (int i = 0; i < n; i++) {
		{
			std::lock_guard<std::mutex> g(m);
			work(i);
		}
		co_yield i;
	}
}
template <typename T> Task generic(T value, int n)
{
	std::lock_guard<std::mutex> g(m);
	co_await Later{n}; // HELD
	work((int)sizeof value);
}
namespace app {
struct Service {
	std::mutex mutex;
	int count = 0;
	Task handle(int n)
	{
		std::lock_guard<std::mutex> lock(mutex);
		co_await Later{n}; // HELD, a member's
		count++;
	}
	static Task fine(int n)
	{
		co_await Later{n};
	}
};
}
Task two_of_a_name(int n)
{
	{
		std::lock_guard<std::mutex> g(m);
		work(n);
	}
	co_await Later{n};
	{
		std::lock_guard<std::mutex> g(m2); // the second
		co_await Later{n}; // HELD, the second
	}
	co_await Later{n};
}
Task conditional(int n)
{
	int k = n > 2 ? co_await Later{n} : work(n);
	std::unique_lock<std::mutex> u(m);
	work(k);
	u.unlock();
	for (int i = 0; i < n; i++) {
		co_await Later{i};
		u.lock();
		work(i);
		u.unlock();
	}
}
Task while_locked(int n)
{
	std::unique_lock<std::mutex> u(m);
	while (n-- > 0) {
		u.unlock();
		co_await Later{n};
		u.lock();
	}
	work(n);
}

int work(int n) { std::printf("%d\n", n); return n; }

static void run(Task task)
{
	for (int i = 0; i < 3 && !task.handle.done(); i++)
		task.handle.resume();
	task.handle.destroy();
}

int main()
{
	app::Service service;
	auto lambda = [](int n) -> Task {
		std::lock_guard<std::mutex> g(m);
		co_await Later{n}; // HELD
		work(n);
	};
	run(held(1)), run(released_by_scope(1)), run(awaited_before(1)), run(deduced(1)), run(unlocked(1));
	run(locked_again(1)), run(unique(1)), run(deferred(1)), run(tried(1)), run(meddled(1));
	run(unlocked_on_one_path(1)), run(argument(std::unique_lock(m), 1)), run(moved(1)), run(shared(1));
	run(nested(1)), run(loops(6)), run(branches(1)), run(branches(7)), run(tries(1)), run(early_return(1));
	run(in_a_lambda(1)), run(in_a_called_function(1)), run(temporary(1)), run(struct_with_guard(1));
	run(derived(1)), run(tuple(1)), run(optional(5)), run(array(1)), run(on_the_heap(1)), run(owned_type(1));
	run(by_hand(1)), run(asynchronous(1)), run(generic(1, 1)), run(generic(std::string("x"), 1));
	run(service.handle(1)), run(app::Service::fine(1)), run(two_of_a_name(1)), run(conditional(3));
	run(while_locked(2)), run(lambda(1));
	auto g = numbers(3), f = free_numbers(3);
	g.handle.resume(), g.handle.destroy(), f.handle.resume(), f.handle.destroy();
}
