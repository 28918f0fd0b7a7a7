/* /etc/ld.so.cache: where the loader finds libraries by their names. */
#ifndef TOOLS_LOADER_CACHE_H
#define TOOLS_LOADER_CACHE_H

#include <stddef.h>

#define LOADER_CACHE "/etc/ld.so.cache"

struct loader_cache {
	char *bytes; /* from the header of the new format on; NULL: there is none */
	size_t size;
	char *file; /* all of it, to be freed */
};

/* A cache that cannot be read has nothing in it. */
void loader_cache_open(struct loader_cache *cache, const char *path);
void loader_cache_close(struct loader_cache *cache);

/* The path of a library for this machine, or NULL. Lives as long as the cache is open. */
const char *loader_cache_find(const struct loader_cache *cache, const char *name);

#endif
