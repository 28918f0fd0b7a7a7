/* Maps addresses of a process, by time, to loaded objects and JIT code. */
#ifndef REPORT_ADDRESS_SPACE_H
#define REPORT_ADDRESS_SPACE_H

#include <stdbool.h>

#include "symbols/perf_map.h"
#include "trace_file.h"

struct session;

struct loaded_module {
	const struct trace_module *record;
	const char *path, *build_id; /* kept; build_id in hexadecimal, NULL if it has none */
	const char *file;      /* the unchanged path; `path` shows control characters as pictures */
	struct binary *binary; /* NULL: its file cannot be used */
	bool opened;
	bool alone; /* no other module was ever loaded at its addresses */
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

/* The module that contained an address at a time (CLOCK_MONOTONIC); NULL if none did. Opens its
 * binary: files that no stack touches are never opened. */
struct loaded_module *address_space_module(struct address_space *space, uint64_t address,
					   uint64_t when_ns);

/* Call for a frame of the program that lacks a name or a file: puts the reason into the report. */
void address_space_tell_lack(struct address_space *space, const struct loaded_module *module,
			     bool has_name);

/* The JIT compiler's name for the code there; NULL if unknown. */
const char *address_space_jit_name(struct address_space *space, uint64_t address);

#endif
