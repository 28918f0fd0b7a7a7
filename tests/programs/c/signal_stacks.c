/*
 * signal_stacks HOW: programs that demand of every handler that it runs on the alternate signal stack,
 * or whose alternate stacks are as small as can be. Each ends with "done" when all was as it should be.
 *	small	a turn that computes on a stack of 1.5 KB, as Erlang's processes and Go's do
 *	threads	the same on four threads
 *	calls N	a handler on an alternate stack of MINSIGSTKSZ and N bytes, which makes calls in a turn
 *	busy N	one that computes for as long as some samples take
 *	mask	what sigaction(2) gives back
 *	own	SIGURG is the program's own: on the thread's stack, and on the alternate one
 *	tiny	an alternate stack that no signal fits on, in a program that never gets one there
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE  4096
#define SMALL 1536 /* no signal's frame fits on it */
#define TURNS 20

static volatile unsigned long sum;
static volatile int calls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static stack_t alternate;

static void require(int condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "failed: %s\n", what);
	exit(90);
}

static long used_us(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

static void crunch(void)
{
	for (long end = used_us() + 300000; used_us() < end;)
		for (int i = 0; i < 10000; i++)
			sum += (unsigned long)i; /* HOT */
}

/* With a page below it that is not there. */
static char *map_stack(size_t size)
{
	char *pages = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	require(pages != MAP_FAILED && !mprotect(pages, PAGE, PROT_NONE), "mmap");
	return pages + PAGE;
}

/* The alternate stack ends where it ends: above it, too, nothing is there. */
static void set_alternate(size_t size)
{
	size_t room = (size + PAGE - 1) & ~(size_t)(PAGE - 1);

	alternate = (stack_t){ .ss_sp = map_stack(room), .ss_size = size };
	require(!sigaltstack(&alternate, NULL), "sigaltstack");
}

static int is_on_alternate(void)
{
	return (size_t)((char *)__builtin_frame_address(0) - (char *)alternate.ss_sp) < alternate.ss_size;
}

static void handle_with(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	require(!sigaction(number, &action, NULL), "sigaction");
}

static void loop_for(int turns, void (*turn)(int))
{
	int queue = epoll_create1(EPOLL_CLOEXEC), event = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	struct epoll_event ready = { .events = EPOLLIN };

	require(!epoll_ctl(queue, EPOLL_CTL_ADD, event, &ready), "epoll_ctl");
	for (int i = 0; i < turns; i++) {
		require(epoll_wait(queue, &ready, 1, -1) == 1, "epoll_wait");
		turn(i);
	}
	close(event);
	close(queue);
}

static void crunch_on_small_stack(int turn)
{
	static __thread ucontext_t loop, process;

	if (turn != 8)
		return;
	getcontext(&process);
	process.uc_stack.ss_sp = map_stack(PAGE);
	process.uc_stack.ss_size = SMALL;
	process.uc_link = &loop;
	makecontext(&process, crunch, 0);
	swapcontext(&loop, &process);
}

static void *small(void *unused)
{
	stack_t own = { .ss_sp = map_stack(1 << 16), .ss_size = 1 << 16 };

	sigaltstack(&own, NULL);
	loop_for(12, crunch_on_small_stack);
	return unused;
}

static void threads(void)
{
	pthread_t made[4];

	for (int i = 0; i < 4; i++)
		require(!pthread_create(&made[i], NULL, small, NULL), "pthread_create");
	for (int i = 0; i < 4; i++)
		pthread_join(made[i], NULL);
}

/* Of each kind of wrapper one, each first of all here. */
static void make_calls(int number)
{
	static int which;
	struct timespec time = { 0, 1000000 };
	struct iovec vector = { &which, 0 };
	struct epoll_event event;
	int file;

	(void)number;
	switch (which++ % 10) {
	case 0:
		nanosleep(&time, NULL);
		break;
	case 1:
		usleep(1000);
		break;
	case 2:
		if (!pthread_mutex_lock(&lock))
			pthread_mutex_unlock(&lock);
		break;
	case 3:
		file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
		calls += read(file, &(char){ 0 }, 1) == 1;
		close(file);
		break;
	case 4:
		file = dup(2);
		fsync(file);
		close(file);
		break;
	case 5:
		file = epoll_create1(EPOLL_CLOEXEC);
		epoll_wait(file, &event, 1, 1);
		close(file);
		break;
	case 6:
		calls += writev(2, &vector, 1) == 0;
		break;
	case 7:
		if (!pthread_mutex_trylock(&lock))
			pthread_mutex_unlock(&lock);
		break;
	case 8:
		sigaction(SIGUSR2, NULL, NULL);
		break;
	default:
		getpid();
	}
	calls++;
}

static void signal_in_turn(int turn)
{
	if (turn >= 8)
		raise(SIGUSR1);
}

static void compute_in_handler(int number)
{
	(void)number;
	for (long end = used_us() + 20000; used_us() < end;)
		sum++;
	calls++;
}

static void check_mask(void)
{
	struct sigaction action = { .sa_handler = make_calls, .sa_flags = SA_ONSTACK }, before;

	sigaddset(&action.sa_mask, SIGHUP);
	require(!sigaction(SIGUSR1, &action, NULL), "sigaction");
	action.sa_flags = 0;
	require(!sigaction(SIGUSR1, &action, &before), "sigaction");
	require(before.sa_flags & SA_ONSTACK && sigismember(&before.sa_mask, SIGHUP) &&
			!sigismember(&before.sa_mask, SIGURG),
		"SIGURG is not in the mask of a handler on the alternate stack");
	sigaddset(&action.sa_mask, SIGURG);
	action.sa_flags = SA_ONSTACK;
	require(!sigaction(SIGUSR1, &action, &before), "sigaction");
	require(!(before.sa_flags & SA_ONSTACK) && !sigismember(&before.sa_mask, SIGURG), "the one before");
	require(!sigaction(SIGUSR1, NULL, &before), "sigaction");
	require(sigismember(&before.sa_mask, SIGURG) == 1, "SIGURG in the mask, where the program put it");
}

static volatile int on_alternate, blocked, nested;

static void note_nested(int number)
{
	char room[8192];

	(void)number;
	memset(room, 0x55, sizeof room);
	nested += room[4000] == 0x55 && is_on_alternate();
}

static void note_own(int number)
{
	sigset_t mask;

	sigprocmask(SIG_BLOCK, NULL, &mask);
	blocked = sigismember(&mask, number) && sigismember(&mask, SIGHUP) && !sigismember(&mask, SIGUSR2);
	on_alternate = is_on_alternate();
	raise(SIGUSR2);
	calls++;
}

static void own_in_turn(int turn)
{
	volatile double kept = turn * 1.5;
	struct sigaction action = { .sa_handler = note_own, .sa_flags = turn % 2 ? SA_ONSTACK : 0 };
	sigset_t mask;

	sigaddset(&action.sa_mask, SIGHUP);
	sigaction(SIGURG, &action, NULL);
	errno = turn;
	raise(SIGURG);
	require(errno == turn && kept == turn * 1.5, "registers and errno");
	require(on_alternate == turn % 2, "the stack of a handler of SIGURG");
	require(blocked, "the mask within it");
	sigprocmask(SIG_BLOCK, NULL, &mask);
	require(!sigismember(&mask, SIGURG) && !sigismember(&mask, SIGHUP), "the mask behind it");
	if (turn == 10)
		crunch();
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	size_t more = argc > 2 ? (size_t)atoi(argv[2]) : 0;

	set_alternate(!strcmp(how, "tiny") ? 2048 : argc > 2 ? (size_t)sysconf(_SC_MINSIGSTKSZ) + more
							     : 1 << 16);
	if (!strcmp(how, "small")) {
		small(NULL);
	} else if (!strcmp(how, "threads")) {
		threads();
	} else if (!strcmp(how, "calls")) {
		handle_with(SIGUSR1, make_calls, SA_ONSTACK);
		loop_for(8 + TURNS, signal_in_turn);
		require(calls >= TURNS, "each signal came");
	} else if (!strcmp(how, "busy")) {
		handle_with(SIGUSR1, compute_in_handler, SA_ONSTACK);
		loop_for(8 + TURNS, signal_in_turn);
		require(calls == TURNS, "each signal came");
	} else if (!strcmp(how, "mask")) {
		check_mask();
	} else if (!strcmp(how, "own")) {
		handle_with(SIGUSR2, note_nested, SA_ONSTACK);
		loop_for(TURNS, own_in_turn);
		require(calls == TURNS && nested == TURNS, "each signal came");
	} else if (!strcmp(how, "tiny")) {
		loop_for(4, signal_in_turn);
		crunch();
	}
	puts("done");
	return 0;
}
