/* Threads: how they end, are cancelled and interrupted; their locks, stacks and keys. */
#include <fcntl.h>
#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <dlfcn.h>
#include <limits.h>

#include "hostile.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore, waiting;
static int cleaned, ends[2];

static void *return_at_once(void *argument)
{
	loop_and_block(argument ? 8 : 0);
	return argument;
}

static void threads_one_by_one(void)
{
	pthread_t thread;

	for (int i = 0; i < 1000; i++) {
		if (pthread_create(&thread, NULL, return_at_once, i % 100 ? NULL : &mutex))
			abort();
		pthread_join(thread, NULL);
	}
	printf("1000\n");
}

static void clean(void *unused)
{
	(void)unused;
	cleaned++;
}

static void unlock(void *unused)
{
	(void)unused;
	pthread_mutex_unlock(&mutex);
}

static void wait_in(long way)
{
	struct timespec long_time = { 100, 0 };
	struct pollfd one = { .fd = ends[0], .events = POLLIN };
	fd_set set;
	char byte;

	switch (way) {
	case 0:
		nanosleep(&long_time, NULL);
		break;
	case 1:
		(void)!read(ends[0], &byte, 1);
		break;
	case 2:
		pthread_mutex_lock(&mutex);
		pthread_cleanup_push(unlock, NULL);
		for (;;)
			pthread_cond_wait(&condition, &mutex);
		pthread_cleanup_pop(1);
		break;
	case 3:
		sem_wait(&semaphore);
		break;
	case 4:
		poll(&one, 1, -1);
		break;
	case 5:
		FD_ZERO(&set);
		FD_SET(ends[0], &set);
		select(ends[0] + 1, &set, NULL, NULL, NULL);
		break;
	case 6:
		pause();
		break;
	default:
		usleep(100000000);
	}
}

static void *wait_for_cancel(void *way)
{
	loop_and_block(4);
	pthread_cleanup_push(clean, NULL);
	sem_post(&waiting);
	wait_in((long)way);
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancelled(void)
{
	pthread_t thread;
	void *result;
	int count = 0;

	pipe(ends);
	for (long i = 0; i < 32; i++) {
		pthread_create(&thread, NULL, wait_for_cancel, (void *)(i % 8));
		sem_wait(&waiting);
		if (i >= 8) /* it is in the call, or will be */
			usleep(2000);
		pthread_cancel(thread);
		pthread_join(thread, &result);
		count += result == PTHREAD_CANCELED;
	}
	printf("cancelled %d, cleaned %d, the mutex is free: %d\n", count, cleaned, pthread_mutex_trylock(&mutex));
}

static volatile sig_atomic_t arrived;

static void interrupt(int number)
{
	struct timespec now;
	int saved = errno;
	char byte;
	int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	(void)number;
	(void)!read(fd, &byte, 1);
	close(fd);
	clock_gettime(CLOCK_MONOTONIC, &now);
	arrived++;
	errno = saved;
}

static void interrupt_often(int flags)
{
	struct sigaction action = { .sa_handler = interrupt, .sa_flags = SA_RESTART | flags };
	struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { 0 };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (arrived < 500)
		loop_and_block(4);
	setitimer(ITIMER_REAL, &never, NULL);
	printf("500\n");
}

static void signals_often(void)
{
	interrupt_often(0);
}

static void signals_on_another_stack(void)
{
	static char room[1 << 16];
	stack_t stack = { .ss_sp = room, .ss_size = sizeof room };

	sigaltstack(&stack, NULL);
	interrupt_often(SA_ONSTACK);
}

static void urgent_signals(void)
{
	struct sigaction action = { .sa_handler = interrupt }, read_back;
	sigset_t urgent, pending;

	loop_and_block(8);
	sigaction(SIGURG, &action, NULL);
	sigaction(SIGURG, NULL, &read_back);
	printf("own %d\n", read_back.sa_handler == interrupt);
	for (int i = 0; i < 10; i++)
		raise(SIGURG);
	printf("arrived %d\n", (int)arrived);
	sigemptyset(&urgent);
	sigaddset(&urgent, SIGURG);
	pthread_sigmask(SIG_BLOCK, &urgent, NULL);
	raise(SIGURG);
	sigpending(&pending);
	printf("pending %d\n", sigismember(&pending, SIGURG));
	loop_and_block(8);
	pthread_sigmask(SIG_UNBLOCK, &urgent, NULL);
	printf("arrived %d\n", (int)arrived);
	signal(SIGURG, SIG_DFL);
	raise(SIGURG);
	printf("ignored by default\n");
}

static sigjmp_buf out;

static void jump(int number)
{
	(void)number;
	siglongjmp(out, 1);
}

static void jumps_out_of_calls(void)
{
	struct itimerval soon = { { 0, 0 }, { 0, 1000 } };
	volatile int jumped = 0;

	pipe(ends);
	signal(SIGALRM, jump);
	for (volatile long i = 0; i < 160; i++) {
		if (i % 10 == 0)
			loop_and_block(4);
		if (sigsetjmp(out, 1)) {
			jumped++;
			continue;
		}
		setitimer(ITIMER_REAL, &soon, NULL);
		wait_in((long[]){ 0, 1, 3, 4 }[i % 4]);
	}
	printf("jumped %d\n", jumped);
	loop_and_block(8);
}

static jmp_buf from_sort;

static int leave(const void *one, const void *other)
{
	if (*(const int *)one == 7 || *(const int *)other == 7)
		longjmp(from_sort, 1);
	return *(const int *)one - *(const int *)other;
}

static void jump_out_of_qsort(void)
{
	int numbers[] = { 3, 9, 7, 1 };

	loop_and_block(8);
	if (!setjmp(from_sort))
		qsort(numbers, 4, sizeof *numbers, leave);
	printf("left\n");
	loop_and_block(8);
}

#define CONTEXTS 64
static ucontext_t contexts[CONTEXTS], back;
static int current, locked;

static void context_body(void)
{
	struct timespec moment = { 0, 10000 };

	for (int i = 0; i < 3; i++) {
		pthread_mutex_lock(&mutex);
		locked++;
		nanosleep(&moment, NULL);
		pthread_mutex_unlock(&mutex);
		swapcontext(&contexts[current], &back);
	}
}

static void many_contexts(void)
{
	size_t size = 1 << 16;

	for (int i = 0; i < CONTEXTS; i++) {
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		contexts[i].uc_stack.ss_size = size;
		contexts[i].uc_link = &back;
		makecontext(&contexts[i], context_body, 0);
	}
	for (int round = 0; round < 3; round++) {
		loop_and_block(4);
		for (current = 0; current < CONTEXTS; current++)
			swapcontext(&back, &contexts[current]);
	}
	for (int i = 0; i < CONTEXTS; i++)
		munmap(contexts[i].uc_stack.ss_sp, size);
	loop_and_block(8);
	printf("locked %d\n", locked);
}

static void *block_for_long(void *unused)
{
	loop_and_block(100);
	return unused;
}

static void libraries_come_and_go(void)
{
	pthread_t thread;
	int opened = 0;

	pthread_create(&thread, NULL, block_for_long, NULL);
	for (int i = 0; i < 200; i++) {
		void *library = dlopen("libutil.so.1", RTLD_NOW);

		opened += library != NULL;
		if (library)
			dlclose(library);
	}
	pthread_join(thread, NULL);
	printf("opened %d\n", opened);
}

static unsigned long descend(unsigned depth)
{
	volatile char frame[1024];

	frame[0] = (char)depth;
	if (!depth) {
		loop_and_block(8);
		return 0;
	}
	return descend(depth - 1) + (unsigned long)frame[0] - (unsigned long)frame[0];
}

static void *descend_far(void *unused)
{
	printf("%lu\n", descend(50000));
	return unused;
}

static void deep_stack(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, (size_t)1 << 30);
	if (pthread_create(&thread, &attributes, descend_far, NULL))
		abort();
	pthread_join(thread, NULL);
}

static void smallest_stacks(void)
{
	pthread_attr_t attributes;
	pthread_t threads[8];

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, PTHREAD_STACK_MIN);
	for (int i = 0; i < 8; i++)
		if (pthread_create(&threads[i], &attributes, return_at_once, &mutex))
			abort();
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	printf("joined\n");
}

static void *die_with(void *lock)
{
	printf("taken %d\n", pthread_mutex_lock(lock));
	return NULL;
}

static void all_kinds_of_mutexes(void)
{
	pthread_mutexattr_t attributes;
	pthread_mutex_t one;
	pthread_t thread;

	loop_and_block(8);
	for (int type = PTHREAD_MUTEX_NORMAL; type <= PTHREAD_MUTEX_ERRORCHECK; type++) {
		pthread_mutexattr_init(&attributes);
		pthread_mutexattr_settype(&attributes, type);
		pthread_mutex_init(&one, &attributes);
		printf("%d: %d", type, pthread_mutex_lock(&one));
		printf(" %d", type == PTHREAD_MUTEX_NORMAL ? 0 : pthread_mutex_lock(&one));
		printf(" %d", pthread_mutex_unlock(&one));
		printf(" %d\n", type == PTHREAD_MUTEX_NORMAL ? 0 : pthread_mutex_unlock(&one));
	}
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&one, &attributes);
	pthread_create(&thread, NULL, die_with, &one);
	pthread_join(thread, NULL);
	printf("dead %d\n", pthread_mutex_lock(&one) == EOWNERDEAD);
	printf("consistent %d\n", pthread_mutex_consistent(&one));
	printf("unlocked %d\n", pthread_mutex_unlock(&one));
	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
	pthread_mutex_init(&one, &attributes);
	printf("inheriting %d", pthread_mutex_lock(&one));
	printf(" %d\n", pthread_mutex_unlock(&one));
}

static void before_fork(void)
{
	printf("before\n");
	pthread_mutex_lock(&mutex);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&mutex);
	loop_and_block(4);
}

static void locks_at_fork(void)
{
	pid_t pid;
	int status;

	pthread_atfork(before_fork, after_fork, after_fork);
	loop_and_block(8);
	pid = fork();
	if (!pid)
		_exit(pthread_mutex_trylock(&mutex));
	waitpid(pid, &status, 0);
	printf("%d %d\n", status, pthread_mutex_trylock(&mutex));
}

static pthread_key_t key;
static int rounds;

static void end_of_key(void *value)
{
	loop_and_block(4);
	if (++rounds < 3)
		pthread_setspecific(key, value);
}

static void *use_key(void *unused)
{
	pthread_setspecific(key, &key);
	return unused;
}

static void at_the_end(void)
{
	loop_and_block(4);
	printf("at exit\n");
}

static void keys_and_exit_handlers(void)
{
	pthread_t thread;

	atexit(at_the_end);
	pthread_key_create(&key, end_of_key);
	pthread_create(&thread, NULL, use_key, NULL);
	pthread_join(thread, NULL);
	printf("rounds %d\n", rounds);
}

static void *exit_from_here(void *unused)
{
	loop_and_block(8);
	exit(9);
	return unused;
}

static void exit_in_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, exit_from_here, NULL);
	pthread_exit(NULL);
}

static void stopped_and_continued(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		loop_and_block(8);
		raise(SIGSTOP);
		loop_and_block(8);
		_exit(4);
	}
	waitpid(pid, &status, WUNTRACED);
	printf("stopped %d\n", WIFSTOPPED(status));
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	printf("status %d\n", WEXITSTATUS(status));
}

static void sleeps_interrupted(void)
{
	struct timespec asked = { 50, 0 }, left = { 0 };
	struct itimerval soon = { { 0, 0 }, { 0, 2000 } };
	struct sigaction action = { .sa_handler = interrupt };

	loop_and_block(8);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	printf("%d", nanosleep(&asked, &left));
	printf(" %d %d\n", errno == EINTR, left.tv_sec < 50 && left.tv_sec > 10);
}

static const struct hostile_case cases[] = {
	{ "threads_one_by_one", threads_one_by_one },
	{ "cancelled", cancelled },
	{ "signals_often", signals_often },
	{ "signals_on_another_stack", signals_on_another_stack },
	{ "urgent_signals", urgent_signals },
	{ "jumps_out_of_calls", jumps_out_of_calls },
	{ "jump_out_of_qsort", jump_out_of_qsort },
	{ "many_contexts", many_contexts },
	{ "libraries_come_and_go", libraries_come_and_go },
	{ "deep_stack", deep_stack },
	{ "smallest_stacks", smallest_stacks },
	{ "all_kinds_of_mutexes", all_kinds_of_mutexes },
	{ "locks_at_fork", locks_at_fork },
	{ "keys_and_exit_handlers", keys_and_exit_handlers },
	{ "exit_in_thread", exit_in_thread },
	{ "stopped_and_continued", stopped_and_continued },
	{ "sleeps_interrupted", sleeps_interrupted },
};

HOSTILE_MAIN(cases)
