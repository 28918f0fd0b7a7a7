#include "process_pause.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/clock.h"
#include "support/memory.h"

#define LONGEST_MS 10000		/* of a pause */
#define STOP_NS	   UINT64_C(1000000000) /* within which all threads must stop */
#define POLL_NS	   200000

struct paused_thread {
	pid_t tid;
	bool is_stopped;
};

/* In the child. */
struct tracing {
	pid_t pid;
	struct paused_thread *threads;
	size_t count, room;
};

static bool is_traced(const struct tracing *tracing, pid_t tid)
{
	for (size_t i = 0; i < tracing->count; i++)
		if (tracing->threads[i].tid == tid)
			return true;
	return false;
}

/* One that has ended meanwhile is no error. */
static int trace_thread(struct tracing *tracing, pid_t tid)
{
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL))
		return errno == ESRCH ? 0 : errno;
	ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
	tracing->threads = memory_grow(tracing->threads, tracing->count, &tracing->room,
				       sizeof *tracing->threads);
	tracing->threads[tracing->count++] = (struct paused_thread){ .tid = tid };
	return 0;
}

/* Returns 0 or an errno, and in `added` how many threads are new. */
static int trace_new_threads(struct tracing *tracing, size_t *added)
{
	size_t before = tracing->count;
	struct dirent *entry;
	char path[64];
	int error = 0;
	DIR *stream;

	snprintf(path, sizeof path, "/proc/%d/task", (int)tracing->pid);
	stream = opendir(path);
	if (!stream)
		return ESRCH;
	while (!error && (entry = readdir(stream))) {
		pid_t tid = atoi(entry->d_name);

		if (tid > 0 && !is_traced(tracing, tid))
			error = trace_thread(tracing, tid);
	}
	closedir(stream);
	*added = tracing->count - before;
	return error;
}

/* WNOWAIT: a signal that a thread was about to get is not taken away. */
static bool are_all_stopped(struct tracing *tracing)
{
	bool all = true;

	for (size_t i = 0; i < tracing->count; i++) {
		struct paused_thread *thread = &tracing->threads[i];
		siginfo_t info = { 0 };
		int error;

		if (thread->is_stopped)
			continue;
		error = waitid(P_PID, (id_t)thread->tid, &info,
			       WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL);
		thread->is_stopped = error || info.si_pid;
		all &= thread->is_stopped;
	}
	return all;
}

static int stop_all(struct tracing *tracing)
{
	const struct timespec pause = { .tv_nsec = POLL_NS };
	uint64_t end_ns = clock_monotonic_ns() + STOP_NS;
	size_t added;
	int error;

	while (clock_monotonic_ns() < end_ns) {
		bool stopped;

		error = trace_new_threads(tracing, &added);
		if (error)
			return error;
		stopped = are_all_stopped(tracing);
		if (stopped && !added)
			return 0;
		if (!stopped)
			nanosleep(&pause, NULL);
	}
	return ETIMEDOUT;
}

static _Noreturn void trace_until_closed(pid_t pid, int fd)
{
	struct tracing tracing = { .pid = pid };
	struct pollfd closed = { .fd = fd, .events = POLLIN };
	int error = stop_all(&tracing);

	if (write(fd, &error, sizeof error) == sizeof error && !error)
		poll(&closed, 1, LONGEST_MS);
	_exit(0);
}

static int pause_refuse(pid_t pid, int error, char *sentence, size_t size)
{
	if (error == ETIMEDOUT)
		snprintf(sentence, size,
			 "process %d did not stop within a second, and goes on: ask without --stop",
			 (int)pid);
	else if (error == ESRCH)
		snprintf(sentence, size, "%d: there is no process of this number", (int)pid);
	else
		snprintf(sentence, size,
			 "process %d cannot be stopped: it is another user's, or a debugger traces "
			 "it, or the system forbids it; ask without --stop",
			 (int)pid);
	return -error;
}

int process_pause_begin(struct process_pause *pause, pid_t pid, char *sentence, size_t size)
{
	pid_t own = getpid();
	int ends[2], error = EPERM;

	*pause = (struct process_pause){ .fd = -1, .start_ns = clock_monotonic_ns() };
	if (pid == own || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return pause_refuse(pid, EPERM, sentence, size);
	pause->tracer = fork();
	if (!pause->tracer) {
		close(ends[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == own)
			trace_until_closed(pid, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	pause->fd = ends[0];
	if (pause->tracer < 0)
		pause->tracer = 0;
	else if (read(ends[0], &error, sizeof error) != sizeof error)
		error = EPERM;
	if (!error)
		return 0;
	process_pause_end(pause);
	return pause_refuse(pid, error, sentence, size);
}

uint64_t process_pause_end(struct process_pause *pause)
{
	if (pause->fd >= 0)
		close(pause->fd);
	pause->fd = -1;
	if (!pause->tracer)
		return 0;
	waitpid(pause->tracer, NULL, 0);
	pause->tracer = 0;
	return clock_monotonic_ns() - pause->start_ns;
}
