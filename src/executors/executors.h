/* Executors by number: the names and families of those that have a file in this directory. */
#ifndef EXECUTORS_EXECUTORS_H
#define EXECUTORS_EXECUTORS_H

#include <stdbool.h>
#include <stdint.h>

#include "contract/trace_format.h"

enum executor_id {
#define EXECUTOR(id, ...) EXECUTOR_##id,
#include "executors/table.h"
	EXECUTOR_COUNT
};

/* EXECUTOR_other is 0: of an executor that nothing is known of. */
struct executor_info {
	const char *name;
	enum executor_family family;
	enum script_language script;
	enum executor_id like;
};

extern const struct executor_info executor_infos[EXECUTOR_COUNT];

/* Of a name that a trace holds, at most 47 bytes: the one place where names are compared. */
enum executor_id executor_id_of(uint32_t family, const char *name);

/* Whether it is asyncio's own loop, or one that takes its place. */
static inline bool executor_runs_asyncio(enum executor_id id)
{
	return id == EXECUTOR_asyncio || executor_infos[id].like == EXECUTOR_asyncio;
}

#endif
