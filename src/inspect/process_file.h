/* What /proc has of another process: opened here where that is allowed, else by an ancestor. */
#ifndef INSPECT_PROCESS_FILE_H
#define INSPECT_PROCESS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* /proc/PID/maps; NULL: the process is gone, or not ours to look at. */
FILE *process_maps(pid_t pid);

/* The first line of /proc/PID/task/TID/NAME, without its end. */
bool process_text(pid_t pid, pid_t tid, const char *name, char *text, size_t size);

/* The memory of the program that a process ran when this was opened: after an exec, nothing can be
 * read. */
struct process_memory {
	int fd;
};

/* False with errno when it may not be read. */
bool process_memory_open(struct process_memory *memory, pid_t pid);
void process_memory_close(struct process_memory *memory);

/* Returns how many bytes there were. */
size_t process_memory_read(const struct process_memory *memory, uint64_t address, void *to,
			   size_t size);

#endif
