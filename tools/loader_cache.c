#include "loader_cache.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/memory.h"

#define MAX_CACHE_SIZE ((off_t)64 << 20)

/* glibc, sysdeps/generic/dl-cache.h. An older format may precede it at offset 0. */
#define MAGIC	       "glibc-ld.so.cache1.1"
#define FLAGS_OF_X8664 0x303 /* FLAG_ELF_LIBC6 | FLAG_X8664_LIB64 */

struct header {
	char magic[sizeof MAGIC - 1];
	uint32_t count, strings_size;
	uint8_t flags, unused_bytes[3];
	uint32_t extensions, unused[3];
};

struct entry {
	int32_t flags;
	uint32_t name, path; /* offsets from the header */
	uint32_t os_version;
	uint64_t hardware; /* required CPU features */
};

void loader_cache_open(struct loader_cache *cache, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	ssize_t got = 0;

	memset(cache, 0, sizeof *cache);
	if (fd < 0)
		return;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0 &&
	    status.st_size <= MAX_CACHE_SIZE) {
		cache->file = memory_get((size_t)status.st_size);
		got = pread(fd, cache->file, (size_t)status.st_size, 0);
	}
	close(fd);
	if (got > 0)
		cache->bytes = memmem(cache->file, (size_t)got, MAGIC, sizeof MAGIC - 1);
	if (cache->bytes)
		cache->size = (size_t)(cache->file + got - cache->bytes);
	if (cache->size < sizeof(struct header))
		cache->bytes = NULL;
}

void loader_cache_close(struct loader_cache *cache)
{
	free(cache->file);
	memset(cache, 0, sizeof *cache);
}

static const char *string_at(const struct loader_cache *cache, uint32_t offset)
{
	return offset < cache->size && memchr(cache->bytes + offset, '\0', cache->size - offset)
		       ? cache->bytes + offset
		       : NULL;
}

const char *loader_cache_find(const struct loader_cache *cache, const char *name)
{
	struct header header;
	struct entry entry;

	if (!cache->bytes)
		return NULL;
	memcpy(&header, cache->bytes, sizeof header);
	for (size_t i = 0, at = sizeof header; i < header.count && cache->size - at >= sizeof entry;
	     i++, at += sizeof entry) {
		const char *found;

		memcpy(&entry, cache->bytes + at, sizeof entry);
		if (entry.flags != FLAGS_OF_X8664 || entry.hardware)
			continue;
		found = string_at(cache, entry.name);
		if (found && !strcmp(found, name))
			return string_at(cache, entry.path);
	}
	return NULL;
}
