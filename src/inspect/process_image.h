/*
 * Memory, loaded objects and threads of a process that is not watched, or of its core: everything
 * that is known without a trace. A living process is not stopped.
 */
#ifndef INSPECT_PROCESS_IMAGE_H
#define INSPECT_PROCESS_IMAGE_H

#include "core_file.h"
#include "process_file.h"

#define IMAGE_SENTENCE_SIZE CORE_SENTENCE_SIZE
#define IMAGE_BUILD_ID	    32

struct image_mapping {
	uint64_t start, end, offset;
	bool is_readable, is_writable, is_executable, is_private;
	char *path; /* NULL: of no file */
};

/* A loaded object. */
struct image_module {
	const char *path; /* as the process named it */
	char *file;	  /* to open; NULL: it is not there */
	uint64_t base;	  /* added to the file's addresses */
	uint64_t start, end, text_start, text_end;
	uint8_t build_id[IMAGE_BUILD_ID];
	size_t build_id_size;
};

struct process_image {
	pid_t pid;
	uid_t owner;
	bool is_core;
	bool is_watched; /* it has YieldSan's library */
	struct core_file core;
	struct process_memory memory;
	char *root; /* of the process's files, or "" */
	struct image_mapping *mappings;
	size_t mapping_count, mapping_room;
	struct image_module *modules; /* the program is the first */
	size_t module_count, module_room;
};

/* Both return 0, or -errno with a sentence. `root`: see core_file_open. */
int process_image_open(struct process_image *image, pid_t pid, char sentence[IMAGE_SENTENCE_SIZE]);
int process_image_open_core(struct process_image *image, const char *path, const char *root,
			    char sentence[IMAGE_SENTENCE_SIZE]);
void process_image_close(struct process_image *image);

/* The threads' ids; returns their number, at most `room`. */
size_t process_image_threads(const struct process_image *image, int32_t *tids, size_t room);

#endif
