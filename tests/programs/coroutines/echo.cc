/* Real coroutines: each runs on Asio's own. The one lock that is held across an await is labelled HELD. */
#include <asio.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <mutex>
#include <map>
#include <string>
using asio::ip::tcp; using asio::awaitable; using asio::use_awaitable; using asio::co_spawn; using asio::detached;
using namespace asio::experimental::awaitable_operators;
std::mutex table_mutex; std::map<std::string,int> table;
awaitable<void> echo(tcp::socket socket) {
	try {
		char data[1024];
		for (;;) {
			std::size_t n = co_await socket.async_read_some(asio::buffer(data), use_awaitable);
			{
				std::lock_guard lock(table_mutex);
				table[std::string(data, n)]++;
			}
			co_await async_write(socket, asio::buffer(data, n), use_awaitable);
		}
	} catch (std::exception &e) { }
}
awaitable<int> slow(tcp::socket &socket) {
	std::lock_guard lock(table_mutex);
	asio::steady_timer timer(co_await asio::this_coro::executor); /* this one never waits */
	timer.expires_after(std::chrono::seconds(1));
	co_await timer.async_wait(use_awaitable); // HELD
	co_return (int)table.size();
}
awaitable<void> two() {
	asio::steady_timer a(co_await asio::this_coro::executor), b(co_await asio::this_coro::executor);
	a.expires_after(std::chrono::milliseconds(1)); b.expires_after(std::chrono::milliseconds(2));
	co_await (a.async_wait(use_awaitable) || b.async_wait(use_awaitable));
}
awaitable<void> listener() {
	auto executor = co_await asio::this_coro::executor;
	tcp::acceptor acceptor(executor, {tcp::v4(), 0});
	for (;;) {
		tcp::socket socket = co_await acceptor.async_accept(use_awaitable);
		co_spawn(executor, echo(std::move(socket)), detached);
		co_await slow(socket);
	}
}
int main(int argc, char **) {
	asio::io_context io(1);
	co_spawn(io, listener(), detached);
	co_spawn(io, two(), detached);
	if (argc > 1) io.run(); else io.poll();
}
