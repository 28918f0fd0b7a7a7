/* Reads another process's files in /proc: directly if allowed, else through an ancestor. */
#ifndef INSPECT_PROCESS_FILE_H
#define INSPECT_PROCESS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* /proc/PID/maps; NULL: the process has ended or may not be inspected. */
FILE *process_maps(pid_t pid);

/* The first line of /proc/PID/task/TID/NAME, without its newline. */
bool process_text(pid_t pid, pid_t tid, const char *name, char *text, size_t size);

struct core_file;

/* The memory of the program that a process ran when this was opened; unreadable after an exec. */
struct process_memory {
	int fd;
	const struct core_file *core; /* instead, memory in a core */
};

/* False with errno if it may not be read. */
bool process_memory_open(struct process_memory *memory, pid_t pid);
void process_memory_close(struct process_memory *memory);

/* Returns the number of available bytes. */
size_t process_memory_read(const struct process_memory *memory, uint64_t address, void *to,
			   size_t size);

#endif
