#include "unwatched.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/runtime.h"
#include "runtime/base/thread.h"
#include "runtime/trace/trace.h"
#include "contract/trace_format.h"

#define VARIABLE     "LD_PRELOAD="
#define LIBRARY_STEM "libyieldsan"
#define MAX_WRITTEN  16 /* in one process: a server may start one for each request */

static const char *own_list;
static unsigned written;

/* Set by vforked children, which share our memory and write no trace. Only the first is kept. */
static char pending[TRACE_UNWATCHED_SIZE];

void unwatched_init(void)
{
	own_list = getenv("LD_PRELOAD");
}

static bool keeps_library(char *const environment[])
{
	for (; environment && *environment; environment++) {
		const char *value = *environment + strlen(VARIABLE);

		if (strncmp(*environment, VARIABLE, strlen(VARIABLE)) != 0)
			continue;
		return (own_list && !strcmp(value, own_list)) || strstr(value, LIBRARY_STEM);
	}
	return false;
}

static struct trace_unwatched *unwatched_write_record(const char *path)
{
	struct trace_unwatched *record;
	OWN_CODE_SCOPE;

	if (__atomic_fetch_add(&written, 1, __ATOMIC_RELAXED) >= MAX_WRITTEN || !trace_open())
		return NULL;
	record = trace_allocate(sizeof *record);
	if (!record) {
		trace_lose_event();
		return NULL;
	}
	strncpy(record->path, path, sizeof record->path - 1);
	trace_publish(record, RECORD_UNWATCHED);
	return record;
}

struct unwatched unwatched_check(const char *path, char *const environment[])
{
	struct unwatched program = { false, NULL };

	if (!runtime_started || !runtime_options.run[0] || !path || keeps_library(environment))
		return program;
	if (!this_thread.vforked) {
		program.record = unwatched_write_record(path);
	} else if (!pending[0]) {
		strncpy(pending, path, sizeof pending - 1);
		program.pending = true;
	}
	return program;
}

/* A record stays in the trace, but without a path it is ignored. */
void unwatched_failed(struct unwatched program)
{
	if (program.pending)
		memset(pending, 0, sizeof pending);
	if (program.record)
		program.record->path[0] = '\0';
}

void unwatched_write_pending(void)
{
	if (!pending[0])
		return;
	unwatched_write_record(pending);
	memset(pending, 0, sizeof pending);
}
