#include "launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "job_control.h"

/* What the program must find as this process found it. */
struct inherited {
	sigset_t mask;
	struct sigaction child_ended;
};

/*
 * All signals are blocked, to be taken one by one where we wait; an ignored SIGCHLD would also take
 * the program's status away from us.
 */
static void take_signals(struct inherited *inherited)
{
	struct sigaction plain = { .sa_handler = SIG_DFL };
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &inherited->mask);
	sigaction(SIGCHLD, &plain, &inherited->child_ended);
}

static void give_signals_back(const struct inherited *inherited)
{
	sigaction(SIGCHLD, &inherited->child_ended, NULL);
	sigprocmask(SIG_SETMASK, &inherited->mask, NULL);
}

/* What came too late for the program was not meant for its report either. */
static void drop_pending_signals(void)
{
	struct timespec none = { 0 };
	sigset_t all;

	sigfillset(&all);
	while (sigtimedwait(&all, NULL, &none) > 0)
		;
}

/* Who sent what the program was last passed on. */
static pid_t sender;

static void take_copy(int number, siginfo_t *signal, void *context)
{
	(void)context;
	if (signal->si_pid != sender)
		raise(number); /* which ends us: the handler was good for one */
}

/*
 * Who sends a signal to a process and then to its whole group, as timeout(1) does, means it once:
 * what comes a second time is not meant for the report either, a third time is.
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

static _Noreturn void become(const char *file, char **argv, const struct inherited *inherited,
			     pid_t launcher, int report)
{
	/* Who kills the launcher means the program. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != launcher)
		_exit(0);
	give_signals_back(inherited);
	execv(file, argv);
	(void)!write(report, &(int){ errno }, sizeof(int));
	_exit(0);
}

/* The terminal sends these to the whole process group, the program included. */
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
 * What one of the program's own processes sends here was meant for its process group, as vim's
 * SIGTSTP is: the program has it. A shell lets a job go on as a group, too.
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

/* An interactive shell: it has made itself a group, and taken the terminal. */
static bool has_terminal_to_itself(pid_t pid)
{
	pid_t group = getpgid(pid);

	return group > 0 && group != getpgrp() && group == terminal_group();
}

/*
 * Stopped by the terminal, or as a shell stops itself (`suspend'): who waits for us must see us
 * stopped too. Any other SIGSTOP is left to its sender, who may let the program go on without a
 * word to us.
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

/* Takes what has ended, strangers as well: as process 1 we inherit them. True when it was ours. */
static bool has_ended(pid_t pid, int *status)
{
	pid_t ended;
	int how;

	while ((ended = waitpid(-1, &how, WNOHANG | WUNTRACED)) > 0) {
		if (ended != pid)
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

/* `last`: what signal was passed on last. */
static void wait_for(pid_t pid, int *status, siginfo_t *last)
{
	siginfo_t signal;
	sigset_t all;

	sigfillset(&all);
	while (!has_ended(pid, status)) {
		if (sigwaitinfo(&all, &signal) < 0)
			continue;
		if (signal.si_signo == SIGCHLD)
			continue;
		pass_on(pid, &signal);
		if (signal.si_signo != SIGCONT)
			*last = signal;
	}
}

/* The exec's error, or 0 once it has succeeded and so closed the pipe. */
static int exec_error(int pipe)
{
	int error = 0;

	while (read(pipe, &error, sizeof error) < 0 && errno == EINTR)
		;
	return error;
}

int launch(const char *file, char **argv, pid_t *pid, int *status)
{
	struct inherited inherited;
	siginfo_t last = { 0 };
	pid_t launcher = getpid(), terminal = terminal_group();
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	take_signals(&inherited);
	*pid = fork();
	if (*pid == 0)
		become(file, argv, &inherited, launcher, ends[1]);
	error = *pid < 0 ? errno : 0;
	close(ends[1]);
	if (!error)
		error = exec_error(ends[0]);
	close(ends[0]);
	if (*pid > 0)
		wait_for(*pid, status, &last);
	/* A shell that was killed gave nothing back, and our report is to be seen. */
	if (terminal == getpgrp() && terminal_group() != terminal)
		terminal_give(terminal);
	drop_pending_signals();
	expect_copy(&last);
	give_signals_back(&inherited);
	return -error;
}
