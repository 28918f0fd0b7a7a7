#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job_control.h"
#include "reader.h"

#define WITHOUT_SIGNALFD_MS 20 /* without signalfd: interval for polling signals */
#define FAULTS		    (sizeof launch_faults / sizeof *launch_faults)

/* State that the program must inherit unchanged. */
struct inherited {
	sigset_t mask;
	struct sigaction child_ended, faults[FAULTS];
};

/* Memory shared with the reader: see struct reader. */
static volatile sig_atomic_t *spares_program;

/* The launcher crashed. The handler runs once; raising the signal again ends us. */
static void note_crash(int number)
{
	*spares_program = true;
	raise(number);
}

/* All signals except those of a crash; SIGABRT ends us if abort(3) raises it, otherwise it is
 * passed on. */
static void fill_passed(sigset_t *set)
{
	sigfillset(set);
	for (size_t i = 0; i < FAULTS; i++)
		if (launch_faults[i] != SIGABRT)
			sigdelset(set, launch_faults[i]);
}

/*
 * Blocks all signals, to take them one by one where we wait; an ignored SIGCHLD would also discard
 * the program's status.
 */
static void take_signals(struct inherited *inherited)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	struct sigaction crash = { .sa_handler = note_crash, .sa_flags = SA_RESETHAND };
	sigset_t all;

	fill_passed(&all);
	sigprocmask(SIG_SETMASK, &all, &inherited->mask);
	sigaction(SIGCHLD, &plain, &inherited->child_ended);
	for (size_t i = 0; i < FAULTS; i++)
		sigaction(launch_faults[i], spares_program ? &crash : NULL, &inherited->faults[i]);
}

static void give_signals_back(const struct inherited *inherited)
{
	for (size_t i = 0; i < FAULTS; i++)
		sigaction(launch_faults[i], &inherited->faults[i], NULL);
	sigaction(SIGCHLD, &inherited->child_ended, NULL);
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
}

/* Signals that arrived too late for the program were not meant for its report either. */
static void drop_pending_signals(void)
{
	struct timespec none = { 0 };
	sigset_t all;

	sigfillset(&all);
	while (sigtimedwait(&all, NULL, &none) > 0)
		;
}

/* The sender of the last signal passed to the program. */
static pid_t sender;

static void take_copy(int number, siginfo_t *signal, void *context)
{
	(void)context;
	if (signal->si_pid != sender)
		raise(number); /* ends us: the handler runs only once */
}

/*
 * timeout(1) signals the process and then its group. Ignore the second copy so that it does not
 * interrupt the report; a third one does.
 */
static void expect_copy(const siginfo_t *signal)
{
	struct sigaction former, copy = {
		.sa_sigaction = take_copy,
		.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_RESTART,
	};

	if (!signal->si_signo || signal->si_code != SI_USER ||
	    sigaction(signal->si_signo, NULL, &former) || former.sa_handler != SIG_DFL)
		return;
	sender = signal->si_pid;
	sigaction(signal->si_signo, &copy, NULL);
}

static _Noreturn void launch_program(const char *file, char **argv,
				     const struct inherited *inherited, int report)
{
	give_signals_back(inherited);
	execv(file, argv);
	(void)!write(report, &(int){ errno }, sizeof(int));
	_exit(0);
}

/* The terminal sends these to the whole process group, including the program. */
static bool is_from_terminal(const siginfo_t *signal)
{
	switch (signal->si_signo) {
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
	case SIGHUP:
	case SIGCONT:
	case SIGWINCH:
		return signal->si_code == SI_KERNEL;
	}
	return false;
}

/*
 * If one of the program's own processes sends a signal here, it was meant for the process group, as
 * vim's SIGTSTP is: the program already has it. A shell also continues a job as a group.
 */
static bool has_it_already(pid_t pid, const siginfo_t *signal)
{
	if (is_from_terminal(signal))
		return true;
	if (signal->si_signo == SIGCONT)
		return !process_is_stopped(pid);
	return (signal->si_code == SI_USER || signal->si_code == SI_TKILL) &&
	       process_descends_from_us(signal->si_pid);
}

static void pass_on(pid_t pid, const siginfo_t *signal)
{
	if (has_it_already(pid, signal))
		return;
	if (signal->si_code == SI_QUEUE)
		sigqueue(pid, signal->si_signo, signal->si_value);
	else
		kill(pid, signal->si_signo);
}

/* An interactive shell: it made its own process group and took the terminal. */
static bool has_terminal_to_itself(pid_t pid)
{
	pid_t group = getpgid(pid);

	return group > 0 && group != getpgrp() && group == terminal_group();
}

/*
 * The program was stopped by the terminal, or stopped itself as a shell does (`suspend'): our
 * parent must see us stopped too. Leave any other SIGSTOP to its sender, who may continue the
 * program without signalling us.
 */
static void stop_with(pid_t pid, int signal)
{
	if (signal != SIGTSTP && signal != SIGTTIN && signal != SIGTTOU &&
	    !has_terminal_to_itself(pid))
		return;
	raise(SIGSTOP);
	if (process_is_stopped(pid))
		kill(pid, SIGCONT);
}

/* Reaps ended children, including strangers: as process 1 we inherit them. True if it was ours. */
static bool child_has_ended(pid_t pid, int *status, struct reader *reader)
{
	pid_t ended;
	int how;

	while ((ended = waitpid(-1, &how, WNOHANG | WUNTRACED)) > 0) {
		if (reader_has_changed(reader, ended, how) || ended != pid)
			continue;
		if (WIFSTOPPED(how)) {
			stop_with(pid, WSTOPSIG(how));
			continue;
		}
		*status = how;
		return true;
	}
	return false;
}

/* Passes on signals that have arrived. `last`: the last of them. */
static void take_arrived(pid_t pid, siginfo_t *last)
{
	struct timespec none = { 0 };
	siginfo_t signal;
	sigset_t all;

	fill_passed(&all);
	while (sigtimedwait(&all, &signal, &none) > 0) {
		if (signal.si_signo == SIGCHLD)
			continue;
		pass_on(pid, &signal);
		if (signal.si_signo != SIGCONT)
			*last = signal;
	}
}

static void wait_for(pid_t pid, int *status, struct reader *reader, siginfo_t *last)
{
	struct pollfd ready[2] = { { .events = POLLIN }, { .events = POLLIN } };
	sigset_t all;

	fill_passed(&all);
	/* Used only for waiting: signals are then taken with all their information. */
	ready[0].fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	while (!child_has_ended(pid, status, reader)) {
		ready[1].fd = reader->socket;
		ready[1].revents = 0;
		poll(ready, 2, ready[0].fd < 0 ? WITHOUT_SIGNALFD_MS : reader_wait_ms(reader));
		take_arrived(pid, last);
		reader_answer(reader, ready[1].revents);
		reader_restart(reader);
	}
	close(ready[0].fd);
}

/* The error of exec, or 0 when its success closed the pipe. */
static int exec_error(int pipe)
{
	int error = 0;

	while (read(pipe, &error, sizeof error) < 0 && errno == EINTR)
		;
	return error;
}

int launch(const char *file, char **argv, struct reader *reader, pid_t *pid, int *status)
{
	struct inherited inherited;
	siginfo_t last = { 0 };
	pid_t terminal = terminal_group();
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	spares_program = reader->spares_program;
	take_signals(&inherited);
	*pid = fork();
	if (*pid == 0)
		launch_program(file, argv, &inherited, ends[1]);
	error = *pid < 0 ? errno : 0;
	close(ends[1]);
	if (!error)
		error = exec_error(ends[0]);
	close(ends[0]);
	if (*pid > 0 && !error)
		reader_start(reader, *pid);
	if (*pid > 0)
		wait_for(*pid, status, reader, &last);
	if (spares_program)
		*spares_program = true;
	/* A killed shell did not give the terminal back, and our report must be visible. */
	if (terminal == getpgrp() && terminal_group() != terminal)
		terminal_give(terminal);
	drop_pending_signals();
	expect_copy(&last);
	give_signals_back(&inherited);
	/* If our caller ignores SIGCHLD, we would get no exit status of the report's process. */
	signal(SIGCHLD, SIG_DFL);
	return -error;
}
