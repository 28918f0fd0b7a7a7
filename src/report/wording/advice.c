#include "advice.h"

#include <stdbool.h>
#include <string.h>

#include "report/model/finding.h"
#include "shared/python_loop.h"
#include "words.h"

#define TOKIO	"; else move it into tokio::task::spawn_blocking(..)"
#define SMOL	"; else move it into smol::unblock(..) (the blocking crate)"
#define STD	"; else move it into async_std::task::spawn_blocking(..)"
#define TRIO	"; else await trio.to_thread.run_sync(..)"
#define GEVENT	"; else gevent.get_hub().threadpool.apply(..)"
#define TWISTED "; else threads.deferToThread(..)"
#define PYTHON	"; else await asyncio.to_thread(..) or loop.run_in_executor(..)"
#define NODE	"; else move it into a worker_threads Worker"
#define LIBUV	"; else move it into uv_queue_work()"
#define GLIB	"; else move it into g_task_run_in_thread()"
#define EVENT                                                                                      \
	"; else hand it to a worker thread that reports back through a socket pair or "            \
	"event_active()"
#define EV   "; else hand it to a worker thread that reports back through ev_async_send()"
#define ASIO "; else post it to a boost::asio::thread_pool"
#define HAND "; else hand it to a worker thread that reports back through an eventfd or a pipe"

/*
 * The first line that fits is given: executor (a name, or a family where the name has no lines),
 * category, and calls, by what their names begin with. NULL fits all. Ordered from the special to
 * the general.
 */
static const struct {
	const char *executor, *category, *calls, *text;
} advice[] = {
	/* Tokio */
	{ "tokio", "sleep", NULL, "use tokio::time::sleep(..).await" },
	{ "tokio", "file", "fsync fdatasync sync msync",
	  "use tokio::fs::File::sync_all().await or sync_data().await" TOKIO },
	{ "tokio", "file", NULL, "use tokio::fs (read, write, File, OpenOptions)" TOKIO },
	{ "tokio", "metadata", NULL,
	  "use tokio::fs (metadata, read_dir, rename, remove_file, ..)" TOKIO },
	{ "tokio", "output", NULL,
	  "use tokio::io::stdout(), or a logger that writes from a thread of its own "
	  "(tracing_appender::non_blocking)" TOKIO },
	{ "tokio", "socket", NULL,
	  "use tokio::net (TcpStream, UdpSocket, UnixStream), which leaves the descriptor "
	  "non-blocking" TOKIO },
	{ "tokio", "pipe", NULL,
	  "use tokio::net::unix::pipe, or tokio::process for a child's pipes" TOKIO },
	{ "tokio", "dns", NULL, "use tokio::net::lookup_host(..).await" TOKIO },
	{ "tokio", "lock", "pthread_cond cnd_",
	  "use tokio::sync::Notify, watch or mpsc in place of a condition variable" TOKIO },
	{ "tokio", "lock", "sem_", "use tokio::sync::Semaphore" TOKIO },
	{ "tokio", "lock", NULL,
	  "hold the lock for a shorter time and never across slow work, or use "
	  "tokio::sync::Mutex (channels: tokio::sync::mpsc)" TOKIO },
	{ "tokio", "process", NULL,
	  "use tokio::process::Command (.output().await, .wait().await)" TOKIO },
	{ "tokio", "thread", NULL,
	  "await a tokio::task::JoinHandle or a tokio::sync::oneshot in place of joining a "
	  "thread" TOKIO },
	{ "tokio", "poll", NULL,
	  "use tokio::io::unix::AsyncFd, or tokio::time::timeout(..)" TOKIO },
	{ "tokio", "ipc", NULL,
	  "use a tokio::sync channel inside the process, or tokio::net::UnixStream" TOKIO },
	{ "tokio", NULL, NULL, "use the equivalent in tokio" TOKIO },

	/* smol, async-std and whoever builds on async-task */
	{ "async-std", "sleep", NULL, "use async_std::task::sleep(..).await" },
	{ "async-std", "file", NULL, "use async_std::fs" STD },
	{ "async-std", "metadata", NULL, "use async_std::fs" STD },
	{ "async-std", "socket", NULL, "use async_std::net" STD },
	{ "async-std", "dns", NULL, "use async_std::net::ToSocketAddrs" STD },
	{ "async-std", "lock", NULL,
	  "hold the lock for a shorter time, or use async_std::sync::Mutex" STD },
	{ "async-std", "process", NULL, "use async_std::process::Command" STD },
	{ "async-std", NULL, NULL, "use the equivalent in async_std" STD },
	{ "async-task", "sleep", NULL, "use smol::Timer::after(..).await (async_io::Timer)" },
	{ "async-task", "file", NULL, "use smol::fs (the async-fs crate)" SMOL },
	{ "async-task", "metadata", NULL, "use smol::fs (the async-fs crate)" SMOL },
	{ "async-task", "output", NULL, "wrap standard output in smol::Unblock" SMOL },
	{ "async-task", "socket", NULL, "use smol::net or smol::Async<TcpStream>" SMOL },
	{ "async-task", "pipe", NULL, "use smol::Async<..> around the pipe" SMOL },
	{ "async-task", "dns", NULL, "use smol::net::resolve(..).await" SMOL },
	{ "async-task", "lock", NULL,
	  "hold the lock for a shorter time, or use smol::lock::Mutex (the async-lock "
	  "crate)" SMOL },
	{ "async-task", "process", NULL,
	  "use smol::process::Command (the async-process crate)" SMOL },
	{ "async-task", NULL, NULL, "use the equivalent in smol" SMOL },

	/* asyncio */
	{ "asyncio", "sleep", NULL, "use await asyncio.sleep(..)" },
	{ "asyncio", "file", NULL, "use aiofiles or anyio.open_file(..)" PYTHON },
	{ "asyncio", "metadata", NULL, "use aiofiles.os or anyio.Path(..)" PYTHON },
	{ "asyncio", "output", NULL,
	  "log through logging.handlers.QueueHandler and QueueListener" PYTHON },
	{ "asyncio", "socket", NULL,
	  "use asyncio.open_connection(..), or loop.sock_recv(..) and kin on a non-blocking "
	  "socket; for HTTP aiohttp or httpx.AsyncClient in place of requests or urllib" PYTHON },
	{ "asyncio", "pipe", NULL,
	  "use asyncio.create_subprocess_exec(..) for a child's pipes, loop.connect_read_pipe(..) "
	  "for others" PYTHON },
	{ "asyncio", "dns", NULL, "use await loop.getaddrinfo(..) or loop.getnameinfo(..)" PYTHON },
	{ "asyncio", "lock", NULL,
	  "use asyncio.Lock, asyncio.Event or asyncio.Queue in place of those of "
	  "threading" PYTHON },
	{ "asyncio", "process", NULL,
	  "use await asyncio.create_subprocess_exec(..) or create_subprocess_shell(..)" PYTHON },
	{ "asyncio", "thread", NULL,
	  "await loop.run_in_executor(..) in place of joining a thread" PYTHON },
	{ "asyncio", "poll", NULL,
	  "use loop.add_reader(..) or asyncio streams in place of select" PYTHON },
	{ "asyncio", NULL, NULL, "use the asyncio equivalent" PYTHON },

	/* Trio */
	{ "Trio", "sleep", NULL, "use await trio.sleep(..)" },
	{ "Trio", "file", NULL, "use trio.open_file(..)" TRIO },
	{ "Trio", "metadata", NULL, "use trio.Path(..)" TRIO },
	{ "Trio", "output", NULL,
	  "log through logging.handlers.QueueHandler and QueueListener" TRIO },
	{ "Trio", "socket", NULL,
	  "use trio.open_tcp_stream(..) or trio.socket; for HTTP httpx.AsyncClient in place of "
	  "requests or urllib" TRIO },
	{ "Trio", "pipe", NULL,
	  "use trio.run_process(..) for a child's pipes, trio.lowlevel.FdStream(..) for "
	  "others" TRIO },
	{ "Trio", "dns", NULL, "use await trio.socket.getaddrinfo(..)" TRIO },
	{ "Trio", "lock", NULL,
	  "use trio.Lock, trio.Event or trio.open_memory_channel(..) in place of those of "
	  "threading" TRIO },
	{ "Trio", "process", NULL, "use await trio.run_process(..)" TRIO },
	{ "Trio", "poll", NULL,
	  "use await trio.lowlevel.wait_readable(..) in place of select" TRIO },
	{ "Trio", NULL, NULL, "use the equivalent in trio" TRIO },

	/* Twisted */
	{ "Twisted", "sleep", NULL, "use task.deferLater(reactor, ..) or reactor.callLater(..)" },
	{ "Twisted", "socket", NULL,
	  "use an endpoint and a Protocol; for HTTP treq or twisted.web.client.Agent in place of "
	  "requests or urllib" TWISTED },
	{ "Twisted", "pipe", NULL, "use reactor.spawnProcess(..) for a child's pipes" TWISTED },
	{ "Twisted", "dns", NULL, "use reactor.nameResolver or twisted.names" TWISTED },
	{ "Twisted", "lock", NULL,
	  "use defer.DeferredLock or DeferredQueue in place of those of threading" TWISTED },
	{ "Twisted", "process", NULL,
	  "use reactor.spawnProcess(..) or utils.getProcessOutput(..)" TWISTED },
	{ "Twisted", "poll", NULL, "use reactor.addReader(..) in place of select" TWISTED },
	{ "Twisted", NULL, NULL, "move it out of the reactor's thread" TWISTED },

	/* gevent */
	{ "gevent", "file", NULL, "use gevent.fileobject.FileObjectThread(..)" GEVENT },
	{ "gevent", "metadata", NULL, "ask once and remember the answer" GEVENT },
	{ "gevent", "output", NULL, "collect the output and write it seldom" GEVENT },
	{ "gevent", NULL, NULL,
	  "use gevent's own (gevent.sleep, gevent.socket, gevent.subprocess), which "
	  "gevent.monkey.patch_all() puts in place of the standard library's" GEVENT },

	/* Node: libuv under JavaScript */
	{ "node", "sleep", NULL, "use setTimeout(..) or await timers.promises.setTimeout(..)" },
	{ "node", "file", NULL,
	  "use fs.promises (readFile, writeFile, ..) in place of the *Sync functions" NODE },
	{ "node", "metadata", NULL,
	  "use fs.promises (stat, readdir, ..) in place of the *Sync functions" NODE },
	{ "node", "output", NULL,
	  "log less, or through a logger with a transport thread (pino), when standard output is "
	  "a file or a terminal" NODE },
	{ "node", "lock", NULL, "use Atomics.waitAsync(..) in place of Atomics.wait(..)" NODE },
	{ "node", "process", NULL,
	  "use child_process.spawn or exec in place of spawnSync, execSync" NODE },
	{ "node", "pipe", NULL,
	  "use child_process.spawn or exec in place of spawnSync, execSync; streams for "
	  "pipes" NODE },
	{ "node", "socket", NULL, "use net, tls or http; in an add-on uv_tcp_t or uv_pipe_t" NODE },
	{ "node", "dns", NULL, "use dns.promises.lookup(..)" NODE },
	{ "node", NULL, NULL,
	  "use the asynchronous form of this call, in an add-on napi_create_async_work" NODE },

	/* libuv itself */
	{ "libuv", "sleep", NULL, "use uv_timer_start()" },
	{ "libuv", "file", NULL, "use uv_fs_* (uv_fs_open, uv_fs_read, ..) with a callback" LIBUV },
	{ "libuv", "metadata", NULL,
	  "use uv_fs_* (uv_fs_stat, uv_fs_scandir, ..) with a callback" LIBUV },
	{ "libuv", "output", NULL, "write through uv_write() on a uv_tty_t or uv_pipe_t" LIBUV },
	{ "libuv", "socket", NULL, "use uv_tcp_t, uv_udp_t or uv_pipe_t" LIBUV },
	{ "libuv", "pipe", NULL, "use uv_pipe_t with uv_read_start() and uv_write()" LIBUV },
	{ "libuv", "dns", NULL, "use uv_getaddrinfo() or uv_getnameinfo()" LIBUV },
	{ "libuv", "lock", NULL,
	  "hold the lock for a shorter time; wake the loop by uv_async_send() in place of "
	  "waiting" LIBUV },
	{ "libuv", "process", NULL, "use uv_spawn() and its exit callback" LIBUV },
	{ "libuv", "thread", NULL, "let the thread tell its end by uv_async_send()" LIBUV },
	{ "libuv", "poll", NULL, "use uv_poll_start()" LIBUV },
	{ "libuv", NULL, NULL, "use libuv's own function for it" LIBUV },

	/* GLib */
	{ "glib", "sleep", NULL, "use g_timeout_add()" },
	{ "glib", "file", NULL,
	  "use g_file_read_async(), g_file_load_contents_async() and kin of GIO" GLIB },
	{ "glib", "metadata", NULL,
	  "use g_file_query_info_async(), g_file_enumerate_children_async() and kin" GLIB },
	{ "glib", "output", NULL, "use g_output_stream_write_async()" GLIB },
	{ "glib", "socket", NULL, "use GSocketClient and g_input_stream_read_async()" GLIB },
	{ "glib", "pipe", NULL, "use GSubprocess, or g_unix_fd_add() on a non-blocking pipe" GLIB },
	{ "glib", "dns", NULL, "use g_resolver_lookup_by_name_async()" GLIB },
	{ "glib", "lock", NULL,
	  "hold the lock for a shorter time; hand results over by g_main_context_invoke()" GLIB },
	{ "glib", "process", NULL,
	  "use GSubprocess (g_subprocess_wait_async) or g_child_watch_add()" GLIB },
	{ "glib", "thread", NULL, "let the thread tell its end by g_idle_add()" GLIB },
	{ "glib", "poll", NULL, "use g_unix_fd_add()" GLIB },
	{ "glib", NULL, NULL, "use the *_async form of GIO" GLIB },

	/* libevent, libev */
	{ "libevent", "sleep", NULL, "use a timer: evtimer_new() and evtimer_add()" },
	{ "libevent", "socket", NULL,
	  "use bufferevent_socket_new(), or evutil_make_socket_nonblocking()" EVENT },
	{ "libevent", "pipe", NULL,
	  "use a bufferevent, or event_new() on a non-blocking pipe" EVENT },
	{ "libevent", "dns", NULL, "use evdns_getaddrinfo()" EVENT },
	{ "libevent", "file", NULL, "send files by evbuffer_add_file()" EVENT },
	{ "libevent", "process", NULL, "watch the child by evsignal_new(SIGCHLD)" EVENT },
	{ "libevent", "lock", NULL, "hold the lock for a shorter time" EVENT },
	{ "libevent", "poll", NULL, "use event_new() in place of a wait inside a callback" EVENT },
	{ "libevent", NULL, NULL, "move it out of the callback" EVENT },
	{ "libev", "sleep", NULL, "use ev_timer" },
	{ "libev", "socket", NULL, "use ev_io on a non-blocking socket" EV },
	{ "libev", "pipe", NULL, "use ev_io on a non-blocking pipe" EV },
	{ "libev", "metadata", NULL, "use ev_stat, or libeio" EV },
	{ "libev", "file", NULL, "use libeio" EV },
	{ "libev", "process", NULL, "use ev_child" EV },
	{ "libev", "dns", NULL, "use an asynchronous resolver (c-ares, libadns)" EV },
	{ "libev", "lock", NULL, "hold the lock for a shorter time" EV },
	{ "libev", NULL, NULL, "move it out of the callback" EV },

	/* Asio */
	{ "asio", "sleep", NULL, "use a steady_timer and async_wait()" },
	{ "asio", "socket", NULL,
	  "use async_read(), async_write(), async_connect(), async_accept()" ASIO },
	{ "asio", "pipe", NULL, "use posix::stream_descriptor and async_read_some()" ASIO },
	{ "asio", "dns", NULL, "use resolver::async_resolve()" ASIO },
	{ "asio", "file", NULL, "use stream_file or random_access_file (with io_uring)" ASIO },
	{ "asio", "process", NULL,
	  "use boost::process with async_wait, or a signal_set on SIGCHLD" ASIO },
	{ "asio", "lock", NULL,
	  "use a strand in place of the lock, or hold it for a shorter time" ASIO },
	{ "asio", NULL, NULL, "move it out of the handler" ASIO },

	/* A loop written by hand, coroutines, annotated code */
	{ NULL, "sleep", NULL,
	  "use a timer of the loop (a timerfd, or the time-out of its own wait)" },
	{ NULL, "file", "fsync fdatasync sync msync", "sync less often, or by io_uring" HAND },
	{ NULL, "file", NULL, "use io_uring, or read ahead of time" HAND },
	{ NULL, "metadata", NULL, "ask once and remember the answer" HAND },
	{ NULL, "output", NULL, "collect the output and let a thread of its own write it" HAND },
	{ NULL, "socket", NULL,
	  "make the socket non-blocking (SOCK_NONBLOCK, O_NONBLOCK) and let the loop wait for "
	  "it" HAND },
	{ NULL, "pipe", NULL,
	  "make the pipe non-blocking (O_NONBLOCK) and let the loop wait for it" HAND },
	{ NULL, "dns", NULL, "use an asynchronous resolver (c-ares, getaddrinfo_a)" HAND },
	{ NULL, "lock", NULL,
	  "hold the lock for a shorter time, or hand the data over by a queue and an "
	  "eventfd" HAND },
	{ NULL, "process", NULL,
	  "watch the child by pidfd_open() or signalfd(SIGCHLD) in the loop" HAND },
	{ NULL, "thread", NULL, "let the thread tell its end through an eventfd in the loop" HAND },
	{ NULL, "poll", NULL, "let the loop's own wait include these descriptors" HAND },
	{ NULL, "ipc", NULL, "use a descriptor the loop can wait for (an eventfd, a socket)" HAND },
	{ NULL, NULL, NULL, "move it out of the loop's thread" HAND },
};

/* Names under which one set of lines is known. */
static const struct {
	const char *name, *executor;
} aliases[] = {
	{ "GLib", "glib" },	 { "boost.asio", "asio" }, { "smol", "async-task" },
	{ "uvloop", "asyncio" }, { "bun", "node" },
};

/* Node, in its own code: JavaScript frames are known of calls, and of samples in JavaScript. */
static bool is_in_node(const struct finding *finding)
{
	const struct stack *native = &finding->stacks->native;

	for (size_t i = 0; finding->stack_count && i < native->count; i++)
		if (native->frames[i].function && !strncmp(native->frames[i].function, "node::", 6))
			return true;
	return false;
}

const char *advice_executor(const struct finding *finding)
{
	const char *name = finding->executor;

	if (finding->language == SCRIPT_PYTHON && !python_loop_named(name) &&
	    strcmp(name, "gevent"))
		return "asyncio";
	if (finding->language == SCRIPT_JAVASCRIPT || is_in_node(finding))
		return "node";
	for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
		if (!strcmp(name, aliases[i].name))
			return aliases[i].executor;
	for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
		if (advice[i].executor && !strcmp(name, advice[i].executor))
			return name;
	return family_word(finding->family);
}

/* `prefixes`: separated by blanks. */
static bool begins_with_one_of(const char *call, const char *prefixes)
{
	for (size_t length; *prefixes; prefixes += length + (prefixes[length] == ' ')) {
		length = strcspn(prefixes, " ");
		if (!strncmp(call, prefixes, length))
			return true;
	}
	return false;
}

/* What a library does for a child process (it polls, reads, waits) is about the process. */
static bool runs_a_child(const struct finding *finding)
{
	static const char *const functions[] = { "std::process::", "tokio::process::" };
	static const char *const files[] = { "subprocess.py", "node:child_process" };
	const struct stack *stack = finding_stack(finding);

	for (size_t i = 0; i < stack->place && i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];

		for (size_t n = 0; n < sizeof functions / sizeof *functions; n++)
			if (frame->native && frame->function &&
			    strstr(frame->function, functions[n]))
				return true;
		for (size_t n = 0; n < sizeof files / sizeof *files; n++)
			if (!frame->native && frame->file &&
			    !strcmp(path_name(frame->file), files[n]))
				return true;
	}
	return false;
}

const char *advice_for(const struct finding *finding)
{
	const char *executor = advice_executor(finding);
	const char *category = runs_a_child(finding) ? "process" : finding->category;
	size_t i;

	for (i = 0; i + 1 < sizeof advice / sizeof *advice; i++)
		if ((!advice[i].executor || !strcmp(advice[i].executor, executor)) &&
		    (!advice[i].category || !strcmp(advice[i].category, category)) &&
		    (!advice[i].calls || begins_with_one_of(finding->call, advice[i].calls)))
			break;
	return advice[i].text;
}

const char *advice_line(const char *category, size_t n, const char **executor)
{
	for (size_t i = 0; i < sizeof advice / sizeof *advice; i++)
		if (advice[i].category && !strcmp(advice[i].category, category) &&
		    !advice[i].calls && !n--) {
			*executor = advice[i].executor;
			return advice[i].text;
		}
	return NULL;
}
