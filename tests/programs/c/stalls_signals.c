/*
 * stalls_signals HOW: a turn that computes, in a program that has signals to itself. Ends with "done"
 * when none came that it did not ask for.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "yieldsan/yieldsan.h"

static volatile sig_atomic_t came, wanted;

static long used_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static void compute(void)
{
	yieldsan_turn_begin("signals");
	for (long end = used_us() + 300000; used_us() < end;)
		;
	yieldsan_turn_end();
}

static void note(int signal)
{
	came++;
	wanted += signal == SIGPROF;
}

static void for_all(void (*handler)(int))
{
	for (int number = 1; number < NSIG; number++)
		if (number != SIGKILL && number != SIGSTOP && number != SIGSEGV && number != SIGBUS)
			signal(number, handler);
}

static int read_signals(void)
{
	sigset_t all;
	struct signalfd_siginfo info;
	int fd;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	fd = signalfd(-1, &all, SFD_NONBLOCK);
	compute();
	return fd >= 0 && read(fd, &info, sizeof info) < 0 && errno == EAGAIN;
}

/* Its own samples: all of them come. */
static int profile(void)
{
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { 0 };

	signal(SIGPROF, note);
	setitimer(ITIMER_PROF, &often, NULL);
	compute();
	setitimer(ITIMER_PROF, &never, NULL);
	return wanted >= 10 && came == wanted;
}

/* Timers are forbidden on pain of death. */
static int confine(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_timer_create, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_timer_settime, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getrusage, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = { sizeof filter / sizeof *filter, filter };

	compute();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
		perror("seccomp");
		exit(77);
	}
	compute();
	return 1;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	sigset_t all;
	int good = 0;

	sigfillset(&all);
	if (!strcmp(how, "handles")) {
		for_all(note);
		compute();
		good = !came;
	} else if (!strcmp(how, "ignores")) {
		for_all(SIG_IGN);
		compute();
		good = 1;
	} else if (!strcmp(how, "blocks")) {
		sigprocmask(SIG_BLOCK, &all, NULL);
		compute();
		good = !sigpending(&all) && sigisemptyset(&all);
	} else if (!strcmp(how, "reads")) {
		good = read_signals();
	} else if (!strcmp(how, "profiles")) {
		good = profile();
	} else if (!strcmp(how, "confines")) {
		good = confine();
	}
	if (!good)
		return 90;
	puts("done");
	return 0;
}
