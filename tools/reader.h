/*
 * The process beside a watched program that reads debug information and other processes' memory.
 * The launcher starts it after the program, opens for it the files that only an ancestor may open,
 * and restarts it if it is lost: whatever happens to it, the program continues.
 */
#ifndef TOOLS_READER_H
#define TOOLS_READER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inspect/stall_watch.h"

#define READER_RESTARTS 5 /* at most, per minute */

struct reader {
	struct stall_watch_start start;
	pid_t launcher, program;
	int program_fd; /* a pidfd; -1: not supported by this kernel */
	pid_t pid;	/* 0: it does not run */
	int socket;	/* our end; -1 */
	/* In shared memory: set if the launcher ends by itself or has crashed. Otherwise it was
	 * killed, and the program is ended too. */
	volatile sig_atomic_t *spares_program;
	uint64_t restarts_ns[READER_RESTARTS]; /* CLOCK_MONOTONIC, the latest first */
	uint64_t due_ns;		       /* of the next restart; 0: none is due */
	unsigned lost;			       /* how often it ended too early */
	int lost_how;			       /* its last waitpid(2) status */
};

/* A program may also run without a reader. */
#define READER_NONE                                                                                \
	{                                                                                          \
		.program_fd = -1, .socket = -1                                                     \
	}

/* `start`: its task. It has no descriptors before reader_start. */
void reader_init(struct reader *reader, const struct stall_watch_start *start);

/* Call when the program runs. */
void reader_start(struct reader *reader, pid_t program);

/* Takes the waitpid(2) result of process `pid`. False if that was not the reader. */
bool reader_has_changed(struct reader *reader, pid_t pid, int status);

/* `events`: poll(2) result for the socket. */
void reader_answer(struct reader *reader, short events);

/* Milliseconds until reader_restart has work; -1: nothing is due. */
int reader_wait_ms(const struct reader *reader);
void reader_restart(struct reader *reader);

/* The program has ended: waits until the reader has written everything that it knows. */
void reader_end(struct reader *reader);

#endif
