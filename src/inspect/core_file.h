/*
 * A core file, of the kernel or of gcore: memory, mapped files and threads of a process that ended
 * or was copied. The file is not trusted. Parts that were not dumped are read from the mapped files
 * if these are the ones that the process had.
 */
#ifndef INSPECT_CORE_FILE_H
#define INSPECT_CORE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "thread_state.h"

#define CORE_SENTENCE_SIZE 512

/* Memory that was mapped; the first `file_size` bytes are in the core. */
struct core_segment {
	uint64_t start, end, offset, file_size;
	bool is_writable, is_executable;
};

/* Part of a mapped file. */
struct core_mapping {
	uint64_t start, end, offset;
	const char *path; /* as the process named it */
	size_t source;	  /* index of the file */
};

struct core_source;

struct core_thread {
	int32_t tid;
	uint64_t number; /* of the last system call */
	bool waited;	 /* in it, until its process was stopped or killed */
	struct thread_wait wait;
};

struct core_file {
	int fd;
	uint64_t size;
	char *root;	/* prefix of the paths of mapped files; "" */
	int32_t pid;	/* 0: not known */
	int32_t signal; /* that ended the process; 0: none */
	uid_t owner;
	struct core_segment *segments; /* sorted by start */
	size_t segment_count;
	struct core_mapping *mappings; /* sorted by start */
	size_t mapping_count;
	struct core_source *sources; /* the mapped files */
	size_t source_count;
	struct core_thread *threads;
	size_t thread_count, thread_room;
	char *names; /* of the mapped files */
};

/* Whether the file is an ELF core. */
bool core_file_is_core(const char *path);

/* `root`: where the process's files lie here; NULL: at their own paths. Returns 0, or -errno and a
 * sentence. */
int core_file_open(struct core_file *core, const char *path, const char *root,
		   char sentence[CORE_SENTENCE_SIZE]);
void core_file_close(struct core_file *core);

/* Returns the number of available bytes. */
size_t core_file_read(const struct core_file *core, uint64_t address, void *to, size_t size);

/* False if there is no such thread. */
bool core_file_wait(const struct core_file *core, int32_t tid, struct thread_wait *wait);

#endif
