/*
 * The process beside a watched program that reads debug information and other processes' memory.
 * The launcher starts it after the program, opens for it what only an ancestor may, and starts it
 * again when it is lost: whatever happens to it, the program goes on.
 */
#ifndef TOOLS_READER_H
#define TOOLS_READER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inspect/stall_watch.h"

#define READER_RESTARTS 5 /* a minute, at most */

struct reader {
	struct stall_watch_start start;
	pid_t launcher, program;
	int program_fd; /* a pidfd; -1: an old kernel has none */
	pid_t pid;	/* 0: it does not run */
	int socket;	/* our end; -1 */
	/* In memory shared with it: the launcher ends by itself, or crashed. Only one who kills the
	 * launcher means the program. */
	volatile sig_atomic_t *spares_program;
	uint64_t restarts_ns[READER_RESTARTS]; /* CLOCK_MONOTONIC, the latest first */
	uint64_t due_ns;		       /* of the next restart; 0: none is due */
	unsigned lost;			       /* how often it ended before its time */
	int lost_how;			       /* the last time: a status of waitpid(2) */
};

/* A program may also run without one. */
#define READER_NONE                                                                                \
	{                                                                                          \
		.program_fd = -1, .socket = -1                                                     \
	}

/* `start`: what it does. It has no descriptors before reader_start. */
void reader_init(struct reader *reader, const struct stall_watch_start *start);

/* Once the program runs. */
void reader_start(struct reader *reader, pid_t program);

/* Of what waitpid(2) said of process `pid`. False when that was not the reader. */
bool reader_has_changed(struct reader *reader, pid_t pid, int status);

/* `events`: what poll(2) said of the socket. */
void reader_answer(struct reader *reader, short events);

/* Milliseconds until reader_restart has something to do; -1: nothing is due. */
int reader_wait_ms(const struct reader *reader);
void reader_restart(struct reader *reader);

/* The program has ended: waits until the reader has written down what it knows. */
void reader_end(struct reader *reader);

#endif
