/* Calls that cannot wait as they are made: not watched, in a turn or not. */
#include "calls_seen.h"

#include <errno.h>
#include <stdlib.h>

static char text[64];
static int ready, other, epoll;
static struct timespec zero, past = { 1, 0 };
static struct timeval zero_us;
static struct pollfd pollfds[1];
static struct iovec part = { text, 1 };
static struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
static struct mmsghdr messages;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spinlock;
static mtx_t c_mutex;
static sem_t semaphore;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void nothing(void)
{
}

#define NOT_SEEN(expression) assert_string_equal(SEEN_IN_TURN(expression), "none")

static void zero_sleeps(void **state)
{
	(void)state;
	NOT_SEEN(sleep(0));
	NOT_SEEN(usleep(0));
	NOT_SEEN(nanosleep(&zero, NULL));
	NOT_SEEN(clock_nanosleep(CLOCK_MONOTONIC, 0, &zero, NULL));
	NOT_SEEN(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL));
	NOT_SEEN(thrd_sleep(&zero, NULL));
}

/* As CPython's sleep(0): until now. One in the future is a sleep, however near. */
static void a_deadline_that_has_passed_is_no_sleep(void **state)
{
	struct timespec now;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &now);
	NOT_SEEN(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL));
	NOT_SEEN(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL));
	now.tv_nsec += 50000000;
	now.tv_sec += now.tv_nsec / 1000000000;
	now.tv_nsec %= 1000000000;
	assert_string_equal(
		SEEN_IN_TURN(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL)),
		"clock_nanosleep");
}

/* What the kernel refuses is no sleep, and a bad pointer is refused, not followed. */
static void sleeps_that_are_refused(void **state)
{
	struct timespec bad = { 0, 1000000000 };
	int result = 0;

	(void)state;
	NOT_SEEN(nanosleep(&bad, NULL));
	NOT_SEEN(result = syscall(SYS_nanosleep, (void *)1, NULL));
	assert_int_equal(result, -1);
	assert_int_equal(errno, EFAULT);
}

static void zero_timeouts(void **state)
{
	struct epoll_event event;
	fd_set set;

	(void)state;
	FD_ZERO(&set);
	NOT_SEEN(poll(pollfds, 1, 0));
	NOT_SEEN(ppoll(pollfds, 1, &zero, NULL));
	NOT_SEEN(select(0, NULL, NULL, NULL, &zero_us));
	NOT_SEEN(pselect(0, &set, NULL, NULL, &zero, NULL));
	NOT_SEEN(epoll_wait(epoll, &event, 1, 0));
	NOT_SEEN(epoll_pwait(epoll, &event, 1, 0, NULL));
	NOT_SEEN(epoll_pwait2(epoll, &event, 1, &zero, NULL));
	NOT_SEEN(syscall(SYS_epoll_wait, epoll, &event, 1, 0));
	NOT_SEEN(syscall(SYS_poll, pollfds, 1, 0));
}

static void flags_that_forbid_waiting(void **state)
{
	struct sembuf operation = { 0, -1, IPC_NOWAIT };

	(void)state;
	NOT_SEEN(waitpid(-1, NULL, WNOHANG));
	NOT_SEEN(wait3(NULL, WNOHANG, NULL));
	NOT_SEEN(wait4(-1, NULL, WNOHANG, NULL));
	NOT_SEEN(waitid(P_ALL, 0, NULL, WEXITED | WNOHANG));
	NOT_SEEN(flock(ready, LOCK_SH | LOCK_NB));
	NOT_SEEN(lockf(ready, F_TLOCK, 0));
	NOT_SEEN(lockf(ready, F_TEST, 0));
	NOT_SEEN(fcntl(ready, F_SETLK, &(struct flock){ .l_type = F_RDLCK }));
	NOT_SEEN(fcntl(ready, F_GETFL));
	NOT_SEEN(msgsnd(-1, text, 1, IPC_NOWAIT));
	NOT_SEEN(msgrcv(-1, text, 1, 0, IPC_NOWAIT));
	NOT_SEEN(semop(-1, &operation, 1));
	NOT_SEEN(recv(ready, text, 1, MSG_DONTWAIT));
	NOT_SEEN(recvfrom(ready, text, 1, MSG_DONTWAIT, NULL, NULL));
	NOT_SEEN(recvmsg(ready, &message, MSG_DONTWAIT));
	NOT_SEEN(recvmmsg(ready, &messages, 1, MSG_DONTWAIT, NULL));
	NOT_SEEN(send(other, text, 1, MSG_DONTWAIT));
	NOT_SEEN(sendto(other, text, 1, MSG_DONTWAIT, NULL, 0));
	NOT_SEEN(sendmsg(other, &message, MSG_DONTWAIT));
	NOT_SEEN(sendmmsg(other, &messages, 1, MSG_DONTWAIT));
	NOT_SEEN(preadv2(ready, &part, 1, -1, RWF_NOWAIT));
	NOT_SEEN(getrandom(text, 1, GRND_NONBLOCK));
	NOT_SEEN(msync((void *)((uintptr_t)text & ~4095UL), 1, MS_ASYNC));
	NOT_SEEN(splice(ready, NULL, other, NULL, 1, SPLICE_F_NONBLOCK));
}

static void numeric_hosts(void **state)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST }, *found;
	struct sockaddr_in address = { .sin_family = AF_INET };

	(void)state;
	NOT_SEEN(getaddrinfo("127.0.0.1", "80", NULL, &found));
	freeaddrinfo(found);
	NOT_SEEN(getaddrinfo("::1", "80", NULL, &found));
	freeaddrinfo(found);
	NOT_SEEN(getaddrinfo("fe80::1%1", "80", NULL, &found));
	freeaddrinfo(found);
	NOT_SEEN(getaddrinfo(NULL, "80", NULL, &found));
	freeaddrinfo(found);
	NOT_SEEN(getaddrinfo("localhost", "80", &hints, &found));
	NOT_SEEN(gethostbyname("127.0.0.1"));
	NOT_SEEN(getnameinfo((struct sockaddr *)&address, sizeof address, text, sizeof text, NULL,
			     0, NI_NUMERICHOST));
}

static void free_locks(void **state)
{
	(void)state;
	NOT_SEEN(pthread_mutex_lock(&mutex));
	pthread_mutex_unlock(&mutex);
	NOT_SEEN(pthread_mutex_timedlock(&mutex, &past));
	pthread_mutex_unlock(&mutex);
	NOT_SEEN(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &past));
	pthread_mutex_unlock(&mutex);
	NOT_SEEN(pthread_rwlock_rdlock(&rwlock));
	NOT_SEEN(pthread_rwlock_timedrdlock(&rwlock, &past));
	pthread_rwlock_unlock(&rwlock);
	pthread_rwlock_unlock(&rwlock);
	NOT_SEEN(pthread_rwlock_wrlock(&rwlock));
	pthread_rwlock_unlock(&rwlock);
	NOT_SEEN(pthread_rwlock_clockwrlock(&rwlock, CLOCK_REALTIME, &past));
	pthread_rwlock_unlock(&rwlock);
	NOT_SEEN(pthread_spin_lock(&spinlock));
	pthread_spin_unlock(&spinlock);
	NOT_SEEN(mtx_lock(&c_mutex));
	mtx_unlock(&c_mutex);
	NOT_SEEN(sem_wait(&semaphore));
	sem_post(&semaphore);
	NOT_SEEN(sem_timedwait(&semaphore, &past));
	sem_post(&semaphore);
	NOT_SEEN(pthread_once(&once, nothing));
	NOT_SEEN(pthread_once(&once, nothing));
}

static void places_and_modes_that_the_kernel_keeps(void **state)
{
	int file = open("/etc/passwd", O_RDONLY);
	pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

	(void)state;
	NOT_SEEN(lseek(file, 0, SEEK_SET));
	NOT_SEEN(lseek(file, 1, SEEK_CUR));
	NOT_SEEN(ioctl(file, FIOCLEX));
	NOT_SEEN(ioctl(ready, FIONREAD, &(int){ 0 }));
	NOT_SEEN(fcntl(file, F_GETFL));
	NOT_SEEN(pthread_cond_destroy(&condition));
	assert_string_equal(SEEN_IN_TURN(ioctl(file, FIONREAD, &(int){ 0 })), "ioctl");
	assert_string_equal(SEEN_IN_TURN(fcntl(file, F_GETLK, &(struct flock){ 0 })), "fcntl");
	assert_string_equal(SEEN_IN_TURN(syscall(SYS_lseek, file, 0, SEEK_END)), "lseek");
	close(file);
}

static void nonblocking_descriptors(void **state)
{
	int pipe_fds[2], counter = eventfd(1, EFD_NONBLOCK);
	uint64_t count;

	(void)state;
	assert_int_equal(pipe2(pipe_fds, O_NONBLOCK), 0);
	NOT_SEEN(read(pipe_fds[0], text, 1));
	NOT_SEEN(write(pipe_fds[1], text, 1));
	NOT_SEEN(read(counter, &count, sizeof count));
	fcntl(ready, F_SETFL, O_NONBLOCK);
	NOT_SEEN(read(ready, text, 1));
	fcntl(ready, F_SETFL, 0);
	(void)!write(other, text, 1);
	assert_string_equal(SEEN_IN_TURN(read(ready, text, 1)), "read");
	ioctl(ready, FIONBIO, &(int){ 1 });
	NOT_SEEN(read(ready, text, 1));
	ioctl(ready, FIONBIO, &(int){ 0 });
	(void)!write(other, text, 1);
	assert_string_equal(SEEN_IN_TURN(read(ready, text, 1)), "read");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(counter);
}

static void streams_in_memory(void **state)
{
	FILE *stream = fmemopen(text, sizeof text, "r+");

	(void)state;
	NOT_SEEN(fgetc(stream));
	NOT_SEEN(fputs("x", stream));
	NOT_SEEN(fflush(stream));
	fclose(stream);
	stream = fopen("/dev/full", "w");
	NOT_SEEN(fflush(stream)); /* nothing is pending */
	NOT_SEEN(setvbuf(stream, NULL, _IONBF, 0));
	fclose(stream);
}

static void streams_with_input_left(void **state)
{
	FILE *stream = fopen("/etc/passwd", "r");

	(void)state;
	assert_string_equal(SEEN_IN_TURN(fgetc(stream)), "fgetc");
	NOT_SEEN(fgetc(stream));
	fclose(stream);
}

static void own_code_is_never_watched(void **state)
{
	const char *seen;

	(void)state;
	seen = SEEN_IN_TURN(({
		OWN_CODE_SCOPE;
		usleep(1);
	}));
	assert_string_equal(seen, "none");
}

static int setup(void **state)
{
	int fds[2];

	socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	ready = fds[0];
	other = fds[1];
	epoll = epoll_create1(0);
	pollfds[0].fd = ready;
	messages.msg_hdr = message;
	sem_init(&semaphore, 0, 1);
	mtx_init(&c_mutex, mtx_plain);
	pthread_spin_init(&spinlock, 0);
	(void)state;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zero_sleeps),
		cmocka_unit_test(a_deadline_that_has_passed_is_no_sleep),
		cmocka_unit_test(sleeps_that_are_refused),
		cmocka_unit_test(zero_timeouts),
		cmocka_unit_test(flags_that_forbid_waiting),
		cmocka_unit_test(numeric_hosts),
		cmocka_unit_test(free_locks),
		cmocka_unit_test(places_and_modes_that_the_kernel_keeps),
		cmocka_unit_test(nonblocking_descriptors),
		cmocka_unit_test(streams_in_memory),
		cmocka_unit_test(streams_with_input_left),
		cmocka_unit_test(own_code_is_never_watched),
	};

	return cmocka_run_group_tests(tests, setup, seen_teardown);
}
