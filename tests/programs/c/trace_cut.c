/*
 * trace_cut HOW [DIRECTORY]: a program in whose turns somebody empties the traces in DIRECTORY; and what else
 * it does with SIGBUS. Ends with "done" unless a SIGBUS of its own ends it.
 *	plain		no handler
 *	threads		four threads run turns
 *	own		a handler of its own, for a fault in a file of its own
 *	blocked_handler	the same, which asks to block all other signals, without an alternate stack
 *	stack		the same on an alternate stack, left by siglongjmp
 *	default		a fault in a file of its own, without a handler: SIGBUS ends it
 *	sent		SIGBUS is sent: it ends it
 *	ignored_sent	the same, ignored
 *	forks		a child runs a turn afterwards
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "yieldsan/yieldsan.h"

static const char *directory;
static sigjmp_buf back;
static volatile int faults;

static void turns(void)
{
	const struct timespec nap = { 0, 2000000 };

	for (int i = 0; i < 3; i++) {
		yieldsan_turn_begin("cut");
		nanosleep(&nap, NULL);
		yieldsan_turn_end();
	}
}

static void empty_traces(void)
{
	DIR *stream = directory ? opendir(directory) : NULL;
	struct dirent *entry;
	char path[4096];

	while (stream && (entry = readdir(stream))) {
		snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
		if (strstr(path, ".yieldsan") && truncate(path, 0))
			perror(path);
	}
	if (stream)
		closedir(stream);
}

static void *run(void *unused)
{
	turns();
	usleep(50000);
	turns();
	return unused;
}

static void fault(void)
{
	int file = open("own.data", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	volatile char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	unlink("own.data");
	close(file);
	map[0] = 1;
}

static void handle(int number, siginfo_t *info, void *context)
{
	sigset_t mask;

	(void)number, (void)context;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	faults += info->si_code == BUS_ADRERR && sigismember(&mask, SIGBUS) == 1;
	siglongjmp(back, 1);
}

static void own(int flags, int all)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | flags }, before;

	if (all)
		sigfillset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGBUS, NULL, &before);
	if (before.sa_sigaction != handle || before.sa_flags & SA_ONSTACK & ~flags)
		exit(91);
	for (int i = 0; i < 3; i++)
		if (!sigsetjmp(back, 1))
			fault();
	if (faults != 3)
		exit(92);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "plain";
	stack_t alternate = { .ss_sp = malloc(65536), .ss_size = 65536 };
	pthread_t threads[4];
	int status;

	directory = argc > 2 ? argv[2] : NULL;
	turns();
	if (!strcmp(how, "threads")) {
		for (int i = 0; i < 4; i++)
			pthread_create(&threads[i], NULL, run, NULL);
		usleep(30000);
		empty_traces();
		for (int i = 0; i < 4; i++)
			pthread_join(threads[i], NULL);
	} else if (!strcmp(how, "default")) {
		fault();
	} else if (!strcmp(how, "sent")) {
		kill(getpid(), SIGBUS);
	} else if (!strcmp(how, "ignored_sent")) {
		signal(SIGBUS, SIG_IGN);
		kill(getpid(), SIGBUS);
		puts("done");
		return 0;
	} else if (!strcmp(how, "own")) {
		own(0, 0);
	} else if (!strcmp(how, "blocked_handler")) {
		own(0, 1);
	} else if (!strcmp(how, "stack")) {
		sigaltstack(&alternate, NULL);
		own(SA_ONSTACK, 0);
	}
	empty_traces();
	turns();
	if (!strcmp(how, "forks")) {
		pid_t child = fork();

		if (!child) {
			turns();
			_exit(3);
		}
		if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 3)
			return 93;
	}
	puts("done");
	return 0;
}
