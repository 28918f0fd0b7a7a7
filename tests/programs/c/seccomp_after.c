/*
 * seccomp_after HOW: a program that allows itself only the system calls that it makes itself, on pain of death;
 * none of ours may come afterwards. Ends with status 3.
 *	mask	blocks signals in a turn afterwards
 *	thread	starts a thread with a loop afterwards
 *	end	a thread with a loop ends afterwards: the filter is for all threads
 *	busy	a turn computes for longer than many samples
 *	locks	takes and leaves locks, holds one across a wait, and waits for one
 *	fork	a child runs a loop
 *	signal	sets handlers, one of SIGURG, and gets the signal
 *	raw	the filter is installed past libc, and answers EPERM
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* With what pthread_mutex_lock and fork need. */
static const int allowed[] = {
	SYS_read,
	SYS_write,
	SYS_close,
	SYS_mmap,
	SYS_munmap,
	SYS_mprotect,
	SYS_madvise,
	SYS_brk,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_wait,
	SYS_eventfd2,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_futex,
	SYS_exit,
	SYS_exit_group,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_rt_sigaction,
	SYS_clone3,
	SYS_clone,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_fstat,
	SYS_newfstatat,
	SYS_getrandom,
	SYS_prlimit64,
	SYS_wait4,
	SYS_kill,
	SYS_getpid,
};
static volatile int filtered;

static void nap(long ms)
{
	struct timespec time = { 0, ms * 1000000 };

	nanosleep(&time, NULL);
}

static void turns(int count, int mask)
{
	int epoll = epoll_create1(0), event = eventfd(1, EFD_NONBLOCK);
	struct epoll_event ready = { .events = EPOLLIN };
	sigset_t all, before;

	sigfillset(&all);
	epoll_ctl(epoll, EPOLL_CTL_ADD, event, &ready);
	for (int i = 0; i < count; i++) {
		epoll_wait(epoll, &ready, 1, -1);
		if (i < 8)
			continue;
		if (mask)
			pthread_sigmask(SIG_BLOCK, &all, &before);
		nap(5);
		if (mask)
			pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	close(event);
	close(epoll);
}

static long past_libc(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return result;
}

static void filter(int together, int raw)
{
	struct sock_filter code[100] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)) };
	struct sock_fprog program = { 1, code };

	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
		code[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i], 0, 1);
		code[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[program.len++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, raw ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_KILL_PROCESS);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (raw)
		past_libc(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program);
	else if (together)
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
	else
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
	filtered = 1;
}

static void *thread(void *unused)
{
	turns(12, 0);
	while (!filtered)
		nap(1);
	return unused;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER, held = PTHREAD_MUTEX_INITIALIZER;
static volatile int urgent;

static void note(int number)
{
	urgent += number == SIGURG;
}

static void *hold(void *unused)
{
	pthread_mutex_lock(&lock);
	nap(20);
	pthread_mutex_unlock(&lock);
	return unused;
}

static void work(int turn, const char *how)
{
	struct sigaction action = { .sa_handler = note, .sa_flags = SA_ONSTACK | SA_RESTART };
	pthread_t id;

	if (!strcmp(how, "busy")) {
		for (volatile long i = 0; i < 20000000;)
			i++;
	} else if (!strcmp(how, "locks")) {
		if (turn == 2)
			pthread_mutex_lock(&held);
		if (turn == 4) {
			pthread_mutex_unlock(&held);
			pthread_create(&id, NULL, hold, NULL);
			nap(5);
			pthread_mutex_lock(&lock);
			pthread_mutex_unlock(&lock);
			pthread_join(id, NULL);
		}
	} else if (!strcmp(how, "signal")) {
		sigaction(SIGUSR1, &action, NULL);
		sigaction(SIGURG, &action, NULL);
		kill(getpid(), SIGURG);
	}
}

static void others(const char *how)
{
	int epoll, event;
	struct epoll_event ready = { .events = EPOLLIN };
	pid_t child = strcmp(how, "fork") ? 1 : fork();
	int status;

	epoll = epoll_create1(0);
	event = eventfd(1, EFD_NONBLOCK);
	epoll_ctl(epoll, EPOLL_CTL_ADD, event, &ready);
	for (int i = 0; i < 8; i++) {
		epoll_wait(epoll, &ready, 1, -1);
		work(i, how);
	}
	if (child == 0)
		_exit(0);
	if (!strcmp(how, "fork") && (wait4(child, &status, 0, NULL) != child || status))
		_exit(90);
	if (!strcmp(how, "signal") && urgent != 8)
		_exit(91);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "mask";
	pthread_t id;

	if (!strcmp(how, "end")) {
		pthread_create(&id, NULL, thread, NULL);
		nap(100);
	}
	turns(12, 0);
	filter(!strcmp(how, "end"), !strcmp(how, "raw"));
	others(how);
	turns(12, !strcmp(how, "mask"));
	if (!strcmp(how, "thread"))
		pthread_create(&id, NULL, thread, NULL);
	if (!strcmp(how, "thread") || !strcmp(how, "end"))
		pthread_join(id, NULL);
	_exit(3);
}
