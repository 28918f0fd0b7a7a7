/*
 * Names of JIT code: /tmp/perf-PID.map, written by Node (--perf-basic-prof), the JVM's agents,
 * .NET, LuaJIT. Format: Linux, tools/perf/Documentation/jit-interface.txt.
 */
#ifndef DEBUG_INFO_PERF_MAP_H
#define DEBUG_INFO_PERF_MAP_H

#include <sys/types.h>

#include "spans.h"
#include "support/strings.h"

struct perf_map {
	struct spans spans; /* value: place in names */
	const char **names;
	size_t count, room;
};

/*
 * -errno; -ENOENT if there is none. Any user can write to /tmp: the map must belong to `owner`, the
 * process's user, to us, or to root.
 */
int perf_map_read(struct perf_map *map, const char *path, uid_t owner, struct strings *strings);
void perf_map_deinit(struct perf_map *map);

/* NULL if none is known at the address. */
const char *perf_map_find(const struct perf_map *map, uint64_t address);

#endif
