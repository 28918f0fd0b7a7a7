/* An ELF file opened for reading: a loaded object, or the file with its debug information. */
#ifndef DEBUG_INFO_ELF_FILE_H
#define DEBUG_INFO_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "spans.h"

struct elf_file {
	int fd;
	Elf *elf; /* NULL: not open */
	time_t changed;
	void *memory; /* the memory into which it was unpacked; NULL for a file */
};

/* Regular files only: a path may come from a hostile trace. -ENOEXEC if it is not an ELF file. */
int elf_file_open(struct elf_file *file, const char *path);
void elf_file_close(struct elf_file *file);

/* Its size in bytes; 0 if there is none. Lives as long as the file is open. */
size_t elf_file_build_id(const struct elf_file *file, const uint8_t **build_id);

/* The executable segments, in the file's own addresses. */
void elf_file_code(const struct elf_file *file, struct spans *code);

#endif
