/* /etc/ld.so.cache: the loader's map from library names to paths. */
#ifndef TOOLS_LOADER_CACHE_H
#define TOOLS_LOADER_CACHE_H

#include <stddef.h>

#define LOADER_CACHE "/etc/ld.so.cache"

struct loader_cache {
	char *bytes; /* starts at the header of the new format; NULL: there is none */
	size_t size;
	char *file; /* the whole file; free this */
};

/* An unreadable cache behaves like an empty one. */
void loader_cache_open(struct loader_cache *cache, const char *path);
void loader_cache_close(struct loader_cache *cache);

/* The path of a library for this architecture, or NULL. Lives as long as the cache is open. */
const char *loader_cache_find(const struct loader_cache *cache, const char *name);

#endif
