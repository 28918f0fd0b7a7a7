/* What the listed calls work on. Each `before` runs outside the turn, just before the call. */
#ifndef CALLS_FIXTURE_H
#define CALLS_FIXTURE_H

#include "calls_seen.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/un.h>

#pragma GCC diagnostic ignored "-Wunused-variable" /* a test uses what it needs */

#define HELD_US                                                                                    \
	30000 /* a lock that another thread holds: longer than this one may be kept waiting */

static char directory[] = "/tmp/yieldsan-calls-XXXXXX";
static char path[128], other_path[128], scratch[128];
static char text[4096];
static wchar_t wide_text[64];
static int file, folder, sockets[2], listener, client, counter, polled[2], notifier;
static FILE *in, *out, *wide_in, *wide_out;
static DIR *stream_of_names;
static intptr_t made; /* what the call returned */
static struct stat status;
static struct stat64 status64;
static struct statfs status_fs;
static struct statfs64 status_fs64;
static struct statvfs status_vfs;
static struct statvfs64 status_vfs64;
static struct iovec part = { text, 4 };
static struct timespec tiny = { 0, 1000 }, past = { 1, 0 }, soon = { 0, 1000000 };
static struct timespec left;
static struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
static struct mmsghdr messages = { .msg_hdr = { .msg_iov = &part, .msg_iovlen = 1 } };
static struct sockaddr_un server = { .sun_family = AF_UNIX };
static struct sockaddr_in loopback = { .sin_family = AF_INET };
static struct addrinfo *addresses;
static struct hostent host_entry, *host_found;
static struct netent net_entry, *net_found;
static struct servent service_entry, *service_found;
static struct protoent protocol_entry, *protocol_found;
static struct passwd user_entry, *user_found;
static struct group group_entry, *group_found;
static struct spwd shadow_entry, *shadow_found;
static struct mntent mount_entry;
static int host_error, count_of_groups = 64;
static gid_t groups[64];
static off_t base;
static off64_t base64, offset64;
static char *line;
static size_t line_size;
static int number;
static struct dirent entry, *entry_found, **names;
static struct dirent64 entry64, *entry64_found, **names64;
static FTS *walk;
static FTS64 *walk64;
static glob_t found;
static glob64_t found64;
static wordexp_t words;
static struct epoll_event event;
static struct pollfd pollfds[1];
static struct timeval moment;
static sigset_t set;
static siginfo_t info;
static struct rusage usage;
static pid_t child;
static pthread_t thread;
static thrd_t c_thread;
static pthread_mutex_t mutex;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_spinlock_t spinlock;
static mtx_t c_mutex;
static cnd_t c_condition;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t condition_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static struct sembuf operation = { 0, -1, 0 };
static struct aiocb request, *requests[1];
static struct aiocb64 request64, *requests64[1];
static struct gaicb address_request = { .ar_name = "127.0.0.1" }, *address_requests[1];
static struct __res_state resolver;
static unsigned char answer[512];
static struct termios settings;
static struct utimbuf times;
static struct file_handle *handle;
static int mount_number;
static double averages[3];
static struct ifaddrs *interfaces;
static void *page;
static char long_name[128];
static char *no_arguments[] = { "true", NULL };
static char *walked[2];

static inline char *template_of(void)
{
	snprintf(scratch, sizeof scratch, "%s/made-XXXXXX", directory);
	return scratch;
}

static inline char *template_with_suffix(void)
{
	snprintf(scratch, sizeof scratch, "%s/made-XXXXXX.c", directory);
	return scratch;
}

/* A name that is not there. */
static inline char *new_name(void)
{
	static int name;

	snprintf(scratch, sizeof scratch, "%s/new-%d", directory, name++);
	return scratch;
}

static inline void ring(int signal)
{
	(void)signal;
}

/* Waits are ended by a signal; by the next one if they began too late for the first. */
static inline void alarm_soon(void)
{
	struct itimerval timer = { { 0, 5000 }, { 0, 5000 } };

	sigaction(SIGALRM, &(struct sigaction){ .sa_handler = ring }, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

static inline void alarm_stop(void)
{
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
}

static inline void fill(void)
{
	(void)!real.write(sockets[1], "data", 4);
}

static inline void drain(void)
{
	while (recv(sockets[0], text, sizeof text, MSG_DONTWAIT) > 0)
		;
}

static inline void client_comes(void)
{
	client = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)!real.connect(client, (__CONST_SOCKADDR_ARG){ (struct sockaddr *)&server },
			    sizeof server);
}

static inline void client_leaves(void)
{
	close(client);
	if (made >= 0)
		close((int)made);
}

static inline void child_ends(void)
{
	child = fork();
	if (!child)
		_exit(0);
}

static inline void *sleep_a_little(void *data)
{
	usleep(3000);
	return data;
}

static inline void thread_ends(void)
{
	pthread_create(&thread, NULL, sleep_a_little, NULL);
}

static inline int sleep_a_little_too(void *data)
{
	(void)data;
	usleep(3000);
	return 0;
}

static inline void c_thread_ends(void)
{
	thrd_create(&c_thread, sleep_a_little_too, NULL);
}

static inline void *holds_the_lock(void *kind)
{
	(void)kind;
	usleep(HELD_US);
	pthread_spin_unlock(&spinlock);
	return NULL;
}

/* A spinning lock may be given back by another thread. */
static inline void spin_is_held(void)
{
	pthread_spin_lock(&spinlock);
	pthread_create(&thread, NULL, holds_the_lock, NULL);
}

static int c_mutex_held;

static inline void *holds_the_c_mutex(void *data)
{
	mtx_lock(&c_mutex);
	__atomic_store_n(&c_mutex_held, 1, __ATOMIC_RELEASE);
	usleep(HELD_US);
	mtx_unlock(&c_mutex);
	return data;
}

static inline void c_mutex_is_held(void)
{
	c_mutex_held = 0;
	pthread_create(&thread, NULL, holds_the_c_mutex, NULL);
	while (!__atomic_load_n(&c_mutex_held, __ATOMIC_ACQUIRE))
		;
}

static inline void *posts(void *data)
{
	usleep(HELD_US);
	sem_post(&semaphore);
	return data;
}

static inline void post_comes(void)
{
	pthread_create(&thread, NULL, posts, NULL);
}

static inline void *waits_at_barrier(void *data)
{
	pthread_barrier_wait(&barrier);
	return data;
}

static inline void other_waits_at_barrier(void)
{
	pthread_create(&thread, NULL, waits_at_barrier, NULL);
}

static inline void other_ends(void)
{
	pthread_join(thread, NULL);
}

static inline void signal_comes(void)
{
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
}

static inline void request_ready(void)
{
	memset(&request, 0, sizeof request);
	request.aio_fildes = file;
	request.aio_buf = text;
	request.aio_nbytes = 4;
	memcpy(&request64, &request, sizeof request);
}

static inline void request_ends(void)
{
	while (aio_error(&request) == EINPROGRESS || aio_error64(&request64) == EINPROGRESS)
		usleep(100);
}

static inline int visit(const char *name, const struct stat *stat, int kind)
{
	(void)name, (void)stat, (void)kind;
	return 0;
}

static inline int visit64(const char *name, const struct stat64 *stat, int kind)
{
	(void)name, (void)stat, (void)kind;
	return 0;
}

static inline int visit_deep(const char *name, const struct stat *stat, int kind, struct FTW *ftw)
{
	(void)name, (void)stat, (void)kind, (void)ftw;
	return 0;
}

static inline int visit_deep64(const char *name, const struct stat64 *stat, int kind,
			       struct FTW *ftw)
{
	(void)name, (void)stat, (void)kind, (void)ftw;
	return 0;
}

static inline void *signals(void *data)
{
	usleep(HELD_US);
	pthread_mutex_lock(&condition_mutex); /* free once the other waits */
	pthread_cond_signal(&condition);
	pthread_mutex_unlock(&condition_mutex);
	return data;
}

static inline void signal_follows(void)
{
	pthread_mutex_lock(&condition_mutex);
	pthread_create(&thread, NULL, signals, NULL);
}

static inline void *signals_too(void *data)
{
	usleep(HELD_US);
	mtx_lock(&c_mutex);
	cnd_signal(&c_condition);
	mtx_unlock(&c_mutex);
	return data;
}

static inline void signal_follows_too(void)
{
	mtx_lock(&c_mutex);
	pthread_create(&thread, NULL, signals_too, NULL);
}

/* One that was woken, and has yet to leave: glibc counts it in __wrefs, above three flags. */
static inline void *leaves_the_condition(void *data)
{
	unsigned *waiters = &((pthread_cond_t *)data)->__data.__wrefs;

	usleep(HELD_US);
	__atomic_fetch_and(waiters, 7, __ATOMIC_RELEASE);
	syscall(SYS_futex, waiters, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1 << 30, NULL, NULL, 0);
	return NULL;
}

static inline void waiter_leaves(void *waited)
{
	((pthread_cond_t *)waited)->__data.__wrefs += 8;
	pthread_create(&thread, NULL, leaves_the_condition, waited);
}

/* An operation of another thread on the same once-object: in progress. */
static int once_word = 1;

static inline void *ends_the_once(void *data)
{
	usleep(HELD_US);
	__atomic_store_n(&once_word, 2, __ATOMIC_RELEASE);
	syscall(SYS_futex, &once_word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1 << 30, NULL, NULL, 0);
	return data;
}

static inline void once_begins(void)
{
	once_word = 1;
	pthread_create(&thread, NULL, ends_the_once, NULL);
}

static inline void never(void)
{
}

/* Standard streams are a file's while a call runs. */
static int saved[3];

static inline void streams_take(void)
{
	fflush(stdout);
	for (int fd = 0; fd < 3; fd++) {
		saved[fd] = dup(fd);
		dup2(file, fd);
	}
}

static inline void streams_give_back(void)
{
	fflush(stdout);
	for (int fd = 0; fd < 3; fd++) {
		dup2(saved[fd], fd);
		close(saved[fd]);
	}
}

static inline void fixture_make(void)
{
	if (!mkdtemp(directory))
		abort();
	snprintf(path, sizeof path, "%s/file", directory);
	snprintf(other_path, sizeof other_path, "%s/other", directory);
	snprintf(server.sun_path, sizeof server.sun_path, "%s/socket", directory);
	file = open(path, O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < 64; i++)
		(void)!write(file, "1 two three four five six\n", 26);
	lseek(file, 0, SEEK_SET);
	folder = open(directory, O_RDONLY | O_DIRECTORY);
	stream_of_names = opendir(directory);
	socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	bind(listener, (struct sockaddr *)&server, sizeof server);
	listen(listener, 64);
	counter = eventfd(1, 0);
	notifier = inotify_init();
	polled[0] = epoll_create1(0);
	pollfds[0] = (struct pollfd){ .fd = counter, .events = POLLIN };
	event.events = EPOLLIN;
	epoll_ctl(polled[0], EPOLL_CTL_ADD, counter, &event);
	in = fopen(path, "r");
	out = fopen(other_path, "w");
	wide_in = fopen(path, "r");
	wide_out = fopen(other_path, "w");
	setvbuf(in, NULL, _IONBF, 0); /* every read reaches the descriptor */
	setvbuf(wide_in, NULL, _IONBF, 0);
	setvbuf(stdin, NULL, _IONBF, 0);
	loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sem_init(&semaphore, 0, 0);
	pthread_spin_init(&spinlock, 0);
	mtx_init(&c_mutex, mtx_timed);
	cnd_init(&c_condition);
	pthread_barrier_init(&barrier, NULL, 2);
	{
		pthread_mutexattr_t kind;

		pthread_mutexattr_init(&kind);
		pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ERRORCHECK);
		pthread_mutex_init(&mutex, &kind);
	}
	memset(long_name, 'a', sizeof long_name - 1);
	res_ninit(&resolver);
	address_requests[0] = &address_request;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	handle = calloc(1, sizeof *handle + 128);
	walked[0] = directory;
}

static inline void fixture_remove(void)
{
	char command[256];

	snprintf(command, sizeof command, "rm -rf %s", directory);
	(void)!system(command);
}

#endif
