/* The records that describe this process: header, command line, modules, calls. */
#ifndef RUNTIME_TRACE_RECORDS_H
#define RUNTIME_TRACE_RECORDS_H

#include <stddef.h>
#include <stdint.h>

struct module;
struct trace_header;

/* The program's name as it was called, without its directory. Valid forever. */
const char *program_name(void);

/* The arguments, each with its final NUL, as far as they are kept. Valid forever. */
const char *trace_command_line(size_t *size);

/* The directory of traces. */
const char *trace_directory(void);

/*
 * The path of this process's trace: DIR/<executable>.<pid>.<start time>.yieldsan. Returns 0, or -1
 * if it is too long.
 */
int trace_write_path(char *path, size_t size);

void trace_write_start(struct trace_header *header);
void trace_write_process(void);

/* Does nothing while there is no trace: all modules are written when it is made. */
void trace_write_module(struct module *module);
void trace_write_module_gone(struct module *module);

/* The record of an interposed call, written on first use; 0 if there is no room. */
uint32_t trace_call_offset(int call);

/* Called in a forked child: the records belong to the parent. */
void trace_forget_records(void);

#endif
