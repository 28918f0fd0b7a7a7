#include "operations.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

static void quiet_descriptors(void)
{
	char byte = 0;
	int ends[2];

	REQUIRE(pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
	REQUIRE(read(ends[0], &byte, 1) == -1 && errno == EAGAIN); /* EXPECT-NONE */
	REQUIRE(write(ends[1], &byte, 1) == 1);			   /* EXPECT-NONE */
	REQUIRE(read(ends[0], &byte, 1) == 1);			   /* EXPECT-NONE */
	close(ends[0]);
	close(ends[1]);

	/* Blocking sockets, asked not to block. */
	REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	REQUIRE(recv(ends[0], &byte, 1, MSG_DONTWAIT) == -1); /* EXPECT-NONE */
	REQUIRE(send(ends[1], &byte, 1, MSG_DONTWAIT) == 1);  /* EXPECT-NONE */
	REQUIRE(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
	REQUIRE(read(ends[0], &byte, 1) == 1);	/* EXPECT-NONE: made non-blocking after its creation */
	REQUIRE(read(ends[0], &byte, 1) == -1); /* EXPECT-NONE */
	close(ends[0]);
	close(ends[1]);
}

static void quiet_waits(void)
{
	struct timeval no_time = { 0, 0 };
	struct timespec now;
	struct epoll_event event;
	struct pollfd ready;
	uint64_t count = 1;
	fd_set set;
	int events = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	int inner = epoll_create1(EPOLL_CLOEXEC);

	REQUIRE(read(events, &count, sizeof(count)) == -1); /* EXPECT-NONE */
	count = 1;
	REQUIRE(write(events, &count, sizeof(count)) == sizeof(count)); /* EXPECT-NONE */
	ready = (struct pollfd){ .fd = events, .events = POLLIN };
	REQUIRE(poll(&ready, 1, 0) == 1); /* EXPECT-NONE: no time-out */
	FD_ZERO(&set);
	FD_SET(events, &set);
	REQUIRE(select(events + 1, &set, NULL, NULL, &no_time) == 1); /* EXPECT-NONE: no time-out */
	REQUIRE(epoll_wait(inner, &event, 1, 0) == 0);		      /* EXPECT-NONE: no time-out */
	close(inner);
	close(events);
	clock_gettime(CLOCK_MONOTONIC, &now);
	REQUIRE(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL) == 0); /* EXPECT-NONE: it has passed */
	sched_yield();								   /* EXPECT-NONE */
	REQUIRE(waitpid(-1, NULL, WNOHANG) <= 0);				   /* EXPECT-NONE */
}

static void quiet_locks(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	sem_t semaphore;
	int memory;

	pthread_mutex_lock(&mutex);			 /* EXPECT-NONE: free */
	REQUIRE(pthread_mutex_trylock(&mutex) == EBUSY); /* EXPECT-NONE */
	pthread_mutex_unlock(&mutex);
	pthread_rwlock_rdlock(&rwlock);			     /* EXPECT-NONE: free */
	REQUIRE(pthread_rwlock_trywrlock(&rwlock) == EBUSY); /* EXPECT-NONE */
	pthread_rwlock_unlock(&rwlock);
	REQUIRE(sem_init(&semaphore, 0, 1) == 0);
	REQUIRE(sem_wait(&semaphore) == 0);	/* EXPECT-NONE: free */
	REQUIRE(sem_trywait(&semaphore) == -1); /* EXPECT-NONE */
	sem_destroy(&semaphore);

	memory = memfd_create("locks", MFD_CLOEXEC);
	REQUIRE(flock(memory, LOCK_EX | LOCK_NB) == 0); /* EXPECT-NONE */
	REQUIRE(fcntl(memory, F_SETLK, &range) == 0);	/* EXPECT-NONE */
	close(memory);
}

static void quiet_memory(void)
{
	char text[] = "one\ntwo\n";
	char line[16];
	int memory = memfd_create("memory", MFD_CLOEXEC);
	FILE *stream = fmemopen(text, strlen(text), "r");

	REQUIRE(fgets(line, sizeof(line), stream)); /* EXPECT-NONE: a string */
	fclose(stream);
	REQUIRE(write(memory, text, 4) == 4);	 /* EXPECT-NONE: memory */
	REQUIRE(pread(memory, line, 4, 0) == 4); /* EXPECT-NONE: memory */
	close(memory);
	memory = open("/proc/self/stat", O_RDONLY | O_CLOEXEC); /* EXPECT-NONE: no disk behind it */
	REQUIRE(read(memory, line, sizeof(line)) > 0);		/* EXPECT-NONE */
	close(memory);
}

static void quiet_lookup(void)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *found;

	REQUIRE(getaddrinfo("127.0.0.1", "80", &hints, &found) == 0); /* EXPECT-NONE */
	freeaddrinfo(found);
}

void operation_quiet(void)
{
	quiet_descriptors();
	quiet_waits();
	quiet_locks();
	quiet_memory();
	quiet_lookup();
}
