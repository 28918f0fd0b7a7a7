#include "debug_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/memory.h"

/* CRC-32 as in IEEE 802.3: the checksum of .gnu_debuglink (gdb manual, "Separate Debug Files"). */
#define MAX_SUMMED ((off_t)4 << 30)

static uint32_t check_sum(int fd)
{
	uint32_t table[256], sum = ~0U;
	unsigned char bytes[65536];
	off_t offset = 0;
	ssize_t got;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
	}
	while (offset < MAX_SUMMED && (got = pread(fd, bytes, sizeof bytes, offset)) > 0) {
		for (ssize_t i = 0; i < got; i++)
			sum = sum >> 8 ^ table[(sum ^ bytes[i]) & 0xff];
		offset += got;
	}
	return ~sum;
}

static bool has_build_id(const struct elf_file *file, const uint8_t *build_id, size_t size)
{
	const uint8_t *own;

	return size && elf_file_build_id(file, &own) == size && !memcmp(own, build_id, size);
}

static int open_by_build_id(struct elf_file *file, const uint8_t *build_id, size_t size,
			    const char *root)
{
	char path[4096];
	int used;

	if (size < 2)
		return -ENOENT;
	used = snprintf(path, sizeof path, "%s/.build-id/%02x/", root, build_id[0]);
	if (used < 0 || (size_t)used + 2 * size + sizeof ".debug" > sizeof path)
		return -ENAMETOOLONG;
	for (size_t i = 1; i < size; i++)
		used += sprintf(path + used, "%02x", build_id[i]);
	strcpy(path + used, ".debug");
	if (elf_file_open(file, path))
		return -ENOENT;
	if (has_build_id(file, build_id, size))
		return 0;
	elf_file_close(file);
	return -ENOENT;
}

static int open_link(struct elf_file *file, const char *path, const uint8_t *build_id, size_t size,
		     uint32_t sum)
{
	const uint8_t *own;

	if (elf_file_open(file, path))
		return -ENOENT;
	if (size && elf_file_build_id(file, &own) ? has_build_id(file, build_id, size)
						  : check_sum(file->fd) == sum)
		return 0;
	elf_file_close(file);
	return -ENOENT;
}

int debug_file_open(struct elf_file *file, const struct elf_file *object, const char *path,
		    const uint8_t *build_id, size_t build_id_size, const char *root)
{
	const char *name, *slash = strrchr(path, '/');
	int directory = slash ? (int)(slash - path) : 0;
	char candidates[3][4096];
	GElf_Word sum = 0;

	if (!open_by_build_id(file, build_id, build_id_size, root))
		return 0;
	name = object->elf && slash ? dwelf_elf_gnu_debuglink(object->elf, &sum) : NULL;
	if (!name || strchr(name, '/'))
		return -ENOENT;
	snprintf(candidates[0], sizeof *candidates, "%.*s/%s", directory, path, name);
	snprintf(candidates[1], sizeof *candidates, "%.*s/.debug/%s", directory, path, name);
	snprintf(candidates[2], sizeof *candidates, "%s%.*s/%s", root, directory, path, name);
	for (size_t i = 0; i < 3; i++)
		if (strcmp(candidates[i], path) &&
		    !open_link(file, candidates[i], build_id, build_id_size, sum))
			return 0;
	return -ENOENT;
}
