#include "elf_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int elf_file_open(struct elf_file *file, const char *path)
{
	struct stat status;
	int error = -ENOEXEC;

	file->elf = NULL;
	file->memory = NULL;
	elf_version(EV_CURRENT);
	/* O_NONBLOCK: a FIFO of that name must not block us. */
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file->fd < 0)
		return -errno;
	if (!fstat(file->fd, &status) && S_ISREG(status.st_mode)) {
		file->changed = status.st_mtime;
		/* Private: dwp.c writes to it. */
		file->elf = elf_begin(file->fd, ELF_C_READ_MMAP_PRIVATE, NULL);
	}
	if (file->elf && elf_kind(file->elf) == ELF_K_ELF)
		return 0;
	elf_file_close(file);
	return error;
}

void elf_file_close(struct elf_file *file)
{
	if (file->elf)
		elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->memory);
	file->elf = NULL;
	file->memory = NULL;
	file->fd = -1;
}

size_t elf_file_build_id(const struct elf_file *file, const uint8_t **build_id)
{
	const void *bytes = NULL;
	ssize_t size = dwelf_elf_gnu_build_id(file->elf, &bytes);

	*build_id = bytes;
	return size > 0 ? (size_t)size : 0;
}

void elf_file_code(const struct elf_file *file, struct spans *code)
{
	size_t count = 0;
	GElf_Phdr segment;

	if (elf_getphdrnum(file->elf, &count))
		return;
	for (size_t i = 0; i < count; i++)
		if (gelf_getphdr(file->elf, (int)i, &segment) && segment.p_type == PT_LOAD &&
		    segment.p_flags & PF_X)
			spans_add(code, segment.p_vaddr, segment.p_vaddr + segment.p_memsz, i);
	spans_sort(code);
}
