/*
 * Stops all threads of a process while its memory is read, so that all of it is of one moment. A
 * child of ours traces them: when it ends, however that happens, the kernel lets them go on. A
 * process that was stopped already stays so.
 */
#ifndef INSPECT_PROCESS_PAUSE_H
#define INSPECT_PROCESS_PAUSE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct process_pause {
	pid_t tracer; /* 0: nothing is stopped */
	int fd;	      /* the tracer ends when it is closed */
	uint64_t start_ns;
};

/* Returns 0, or -errno with `sentence`. It lasts ten seconds at most. */
int process_pause_begin(struct process_pause *pause, pid_t pid, char *sentence, size_t size);

/* Returns how long the process stood still. */
uint64_t process_pause_end(struct process_pause *pause);

#endif
