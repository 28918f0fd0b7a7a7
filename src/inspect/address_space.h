/* What lay at which address of a process, and when: its loaded objects, and code made at run time.
 */
#ifndef REPORT_ADDRESS_SPACE_H
#define REPORT_ADDRESS_SPACE_H

#include <stdbool.h>

#include "symbols/perf_map.h"
#include "trace_file.h"

struct session;

struct loaded_module {
	const struct trace_module *record;
	const char *path, *build_id; /* kept; build_id in hexadecimal, NULL when it has none */
	const char *file; /* the path as it is: of a control character, `path` has the picture */
	struct binary *binary; /* NULL: its file does not serve */
	bool opened;
	bool alone; /* no other was ever loaded where it lay */
};

/* Lives as long as its trace is open. */
struct address_space {
	struct session *session;
	const struct trace_file *trace;
	struct loaded_module *modules, *last;
	size_t count;
	struct perf_map perf_map;
	bool perf_map_read;
};

void address_space_init(struct address_space *space, struct session *session,
			const struct trace_file *trace);
void address_space_deinit(struct address_space *space);

/* The module that held an address at a time (CLOCK_MONOTONIC); NULL when none did. Its binary is
 * opened then: a file that no stack runs through is left alone. */
struct loaded_module *address_space_module(struct address_space *space, uint64_t address,
					   uint64_t when_ns);

/* To be called for a frame of the program's own that has no name, or no file: why it has none goes
 * into the report. */
void address_space_tell_lack(struct address_space *space, const struct loaded_module *module,
			     bool has_name);

/* The name that a compiler at run time gave the code there; NULL when it is not known. */
const char *address_space_jit_name(struct address_space *space, uint64_t address);

#endif
