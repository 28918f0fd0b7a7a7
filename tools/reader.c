#include "reader.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apart.h"
#include "inspect/ancestor.h"
#include "launch.h"
#include "support/clock.h"

#define MINUTE_NS    UINT64_C(60000000000)
#define BACK_OFF_NS  UINT64_C(50000000)	 /* before the first restart; doubles each time */
#define END_MS	     10000		 /* for what it still writes after the program has ended */
#define MEMORY_LIMIT (UINT64_C(2) << 30) /* 1 GB of debug information needs about half of it */

void reader_init(struct reader *reader, const struct stall_watch_start *start)
{
	memset(reader, 0, sizeof *reader);
	reader->start = *start;
	reader->program_fd = reader->socket = -1;
	reader->spares_program = apart_memory(sizeof *reader->spares_program);
}

/* Needed by the reader's signal handler. */
static const struct reader *self;

/*
 * The program must not outlive a killed launcher: killing the launcher is meant for the program, as
 * only the launcher's pid is known outside. A launcher that ends by itself, or crashed, has said
 * so.
 */
static void end_program(void)
{
	if (!*self->spares_program && self->program_fd >= 0)
		syscall(SYS_pidfd_send_signal, self->program_fd, SIGKILL, NULL, 0);
}

/* The launcher died, or the reader itself got a signal. */
static void launcher_may_be_gone(int number)
{
	if (getppid() == self->launcher) {
		signal(number, SIG_DFL);
		raise(number); /* delivered when this returns */
		return;
	}
	end_program();
	_exit(0);
}

static void ignore_terminal(void)
{
	/* SIGPIPE and SIGXFSZ: at worst a line or a note is lost. */
	static const int ignored[] = { SIGINT, SIGQUIT,	 SIGTSTP, SIGTTIN, SIGTTOU,
				       SIGHUP, SIGWINCH, SIGPIPE, SIGXFSZ };
	sigset_t none;

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		signal(ignored[i], SIG_IGN);
	for (size_t i = 0; i < sizeof launch_faults / sizeof *launch_faults; i++)
		signal(launch_faults[i], SIG_DFL);
	signal(SIGTERM, launcher_may_be_gone);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void limit_memory(void)
{
	struct rlimit limit;

	/* Read-only file mappings do not count. */
	if (getrlimit(RLIMIT_DATA, &limit) || limit.rlim_cur <= MEMORY_LIMIT)
		return;
	limit.rlim_cur = MEMORY_LIMIT;
	setrlimit(RLIMIT_DATA, &limit);
}

static _Noreturn void read_on(struct reader *reader, int socket)
{
	self = reader;
	limit_memory();
	setpgid(0, 0);
	ignore_terminal();
	apart_begin(reader->launcher, SIGTERM);
	ancestor_set(socket);
	reader->start.ancestor = socket;
	stall_watch_run(&reader->start);
	/* A killed launcher's socket is closed before the signal of its death is sent. */
	end_program();
	_exit(0);
}

static void close_socket(struct reader *reader)
{
	if (reader->socket >= 0)
		close(reader->socket);
	reader->socket = -1;
}

static void reader_lost(struct reader *reader, int how)
{
	uint64_t now_ns = clock_monotonic_ns(),
		 oldest_ns = reader->restarts_ns[READER_RESTARTS - 1];
	unsigned recent = 0;

	reader->lost++;
	reader->lost_how = how;
	for (size_t i = 0; i < READER_RESTARTS; i++)
		recent += reader->restarts_ns[i] && now_ns - reader->restarts_ns[i] < MINUTE_NS;
	reader->due_ns = recent == READER_RESTARTS ? oldest_ns + MINUTE_NS
						   : now_ns + (BACK_OFF_NS << recent);
}

static void reader_run(struct reader *reader)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		reader_lost(reader, 0);
		return;
	}
	fflush(NULL);
	reader->pid = fork();
	if (!reader->pid) {
		close(ends[0]);
		read_on(reader, ends[1]);
	}
	close(ends[1]);
	if (reader->pid > 0) {
		reader->socket = ends[0];
		return;
	}
	reader->pid = 0;
	close(ends[0]);
	reader_lost(reader, 0);
}

void reader_start(struct reader *reader, pid_t program)
{
	/* Without the page it could not know why the launcher has died. */
	if (!reader->spares_program)
		return;
	reader->launcher = getpid();
	reader->program = program;
	reader->program_fd = (int)syscall(SYS_pidfd_open, program, 0);
	reader_run(reader);
}

bool reader_has_changed(struct reader *reader, pid_t pid, int status)
{
	if (pid != reader->pid)
		return false;
	if (WIFSTOPPED(status))
		return true;
	close_socket(reader);
	reader->pid = 0;
	reader_lost(reader, status);
	return true;
}

void reader_answer(struct reader *reader, short events)
{
	if (events & POLLIN)
		ancestor_answer(reader->socket, reader->start.traces->path);
	else if (events)
		close_socket(reader);
}

int reader_wait_ms(const struct reader *reader)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (!reader->due_ns)
		return -1;
	return reader->due_ns <= now_ns ? 0 : (int)((reader->due_ns - now_ns) / 1000000 + 1);
}

void reader_restart(struct reader *reader)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (!reader->due_ns || reader->due_ns > now_ns)
		return;
	reader->due_ns = 0;
	memmove(reader->restarts_ns + 1, reader->restarts_ns,
		sizeof reader->restarts_ns - sizeof *reader->restarts_ns);
	reader->restarts_ns[0] = reader->start.resumed_ns = now_ns;
	reader_run(reader);
}

void reader_end(struct reader *reader)
{
	struct pollfd ended = { .events = POLLIN };
	int status;

	if (reader->program_fd >= 0)
		close(reader->program_fd);
	if (!reader->pid)
		return;
	ended.fd = (int)syscall(SYS_pidfd_open, reader->pid, 0);
	if (reader->socket >= 0)
		shutdown(reader->socket, SHUT_WR);
	if (ended.fd >= 0 && poll(&ended, 1, END_MS) != 1)
		kill(reader->pid, SIGKILL);
	while (waitpid(reader->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ended.fd >= 0)
		close(ended.fd);
	close_socket(reader);
	reader->pid = 0;
	reader->lost += status != 0;
	if (status)
		reader->lost_how = status;
}
