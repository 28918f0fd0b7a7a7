/* A hand-written loop whose callbacks block in several ways; last, two threads deadlock. */
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;

static void pause_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static void *hold_lock(void *unused)
{
	pthread_mutex_lock(&busy);
	pause_ms(100);
	pthread_mutex_unlock(&busy);
	return unused;
}

static void take_lock(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, hold_lock, NULL);
	pause_ms(30);
	pthread_mutex_lock(&busy);
	pthread_mutex_unlock(&busy);
	pthread_join(thread, NULL);
}

static void read_child(void)
{
	char text[64];
	FILE *child = popen("sleep 0.1; echo x", "r");

	if (!fgets(text, sizeof text, child))
		exit(1);
	pclose(child);
}

static void read_pipe(void)
{
	int fds[2];
	char byte;
	pid_t child;

	if (pipe(fds))
		exit(1);
	child = fork();
	if (!child) {
		pause_ms(60);
		_exit(write(fds[1], "x", 1) != 1);
	}
	if (read(fds[0], &byte, 1) != 1)
		exit(1);
	waitpid(child, NULL, 0);
	close(fds[0]);
	close(fds[1]);
}

static void read_socket(void)
{
	int fds[2];
	char byte;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		exit(1);
	if (!fork()) {
		pause_ms(60);
		_exit(write(fds[1], "x", 1) != 1);
	}
	if (recv(fds[0], &byte, 1, 0) != 1)
		exit(1);
	close(fds[0]);
	close(fds[1]);
}

static void compute(void)
{
	volatile unsigned long number = 0;

	for (unsigned long i = 0; i < 1500000000; i++)
		number += i;
}

static void tick(int n)
{
	static void (*const steps[])(void) = { take_lock, read_child, read_pipe, read_socket,
					       compute };

	if (n >= 0 && n < (int)(sizeof steps / sizeof *steps))
		steps[n]();
}

static void *cross(void *unused)
{
	yieldsan_turn_begin("crossing");
	pthread_mutex_lock(&right);
	pause_ms(100);
	pthread_mutex_lock(&left);
	yieldsan_turn_end();
	return unused;
}

int main(void)
{
	struct itimerspec every = { { 0, 10000000 }, { 0, 10000000 } };
	struct epoll_event event = { .events = EPOLLIN };
	int timer = timerfd_create(CLOCK_MONOTONIC, 0), poll = epoll_create1(0);
	pthread_t thread;

	timerfd_settime(timer, 0, &every, NULL);
	epoll_ctl(poll, EPOLL_CTL_ADD, timer, &event);
	for (int i = 0; i < 30; i++) {
		char text[8];

		if (epoll_wait(poll, &event, 1, -1) == 1 && read(timer, text, 8) == 8)
			tick(i - 20);
	}
	yieldsan_turn_begin("crossing");
	pthread_mutex_lock(&left);
	pthread_create(&thread, NULL, cross, NULL);
	pause_ms(50);
	alarm(1);
	pthread_mutex_lock(&right);
	return 0;
}
