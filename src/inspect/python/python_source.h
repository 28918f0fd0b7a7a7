/*
 * The memory of a program that may run CPython: a function that reads it, and a list of what is
 * mapped. It is a living process, or whatever else can be read in this way.
 */
#ifndef INSPECT_PYTHON_SOURCE_H
#define INSPECT_PYTHON_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inspect/process_file.h"
#include "inspect/stuck_tasks.h"
#include "inspect/touched_memory.h"

struct python_mapping {
	uint64_t start, end, offset; /* offset: in its file */
	bool is_writable, is_private;
	char *path; /* empty: no file */
};

struct python_source {
	stuck_read *read;
	const void *source;
	struct python_mapping *mappings; /* the readable ones, sorted */
	size_t count, room;
	struct process_memory memory;
	struct touched_memory touched;
};

struct trace_file;

/* Of a trace's process, or of the core that the trace was made from. False if it ended, or may not
 * be inspected. Close it before the trace. */
bool python_source_open(struct python_source *source, const struct trace_file *trace);
void python_source_close(struct python_source *source);

/* Adds a mapping; copies its path. */
void python_source_add(struct python_source *source, const struct python_mapping *mapping);

/*
 * The address of an exported symbol in any loaded object: read from the memory image, so that it
 * needs no file. 0: none exports it.
 */
uint64_t python_source_symbol(const struct python_source *source, const char *name);

#endif
