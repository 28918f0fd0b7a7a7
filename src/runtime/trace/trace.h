/*
 * The trace's writer: a file mapped shared, so that what is in it outlives the process. Made at the
 * first record, never before; its space is allocated before it is written, 64 KiB at a time, for a
 * store into a hole of a full disk would be a SIGBUS. Lock-free and async-signal-safe.
 */
#ifndef RUNTIME_TRACE_H
#define RUNTIME_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract/trace_format.h"

/* Start-up: takes what later may be out of reach (the command line, the time, where to write). */
void trace_init(void);

/* Makes the trace if there is none yet. False when there is none and cannot be now. */
bool trace_open(void);

/* In a forked child: the parent's trace is not ours. */
void trace_forget(void);

/* The header, or NULL while there is no trace. */
struct trace_header *trace_header(void);

/*
 * Room for a record of `size` bytes (rounded up), zeroed, of type RECORD_UNFINISHED; NULL when
 * full, which is counted. Finish it with trace_publish.
 */
void *trace_allocate(size_t size);
void trace_publish(void *record, enum record_type type);

/* Whether less than so many eighths of it are used. */
bool trace_has_room(unsigned eighths);

/* The published record at or behind `at`, which is left behind it; NULL: there is no more. */
const struct trace_record *trace_next_record(uint64_t *at);

uint32_t trace_offset(const void *record);
void *trace_at(uint32_t offset);

void trace_lose_event(void);
void trace_lose_site(void);

/* An event that is an error. */
void trace_lose_error(void);

/* An executor runs turns here: without a file, they are lost, which is marked. */
void trace_had_turn(void);

/* The same where not even an empty file could be made. */
bool trace_is_lost_unmarked(void);

/* Makes space for records to come. */
void trace_reserve(void);

/*
 * A SIGBUS at this address. True when it lies in the trace: its file was emptied, and memory took
 * its place. What was there is lost, which is marked. Async-signal-safe.
 */
bool trace_was_cut(uintptr_t address);

/* No system call of ours any more: the program has a seccomp filter. */
void trace_give_up_calls(void);

/* Why there is no file: an errno of the last attempt. */
int trace_file_error(void);

/* The file's path; empty when the trace has none (no room on disk: an anonymous mapping). */
const char *trace_path(void);

/* Removes the file: there was nothing to tell. */
void trace_remove(void);

/* Writes it again, if it was removed: the process goes on. What other threads record meanwhile may
 * be lost. */
void trace_bring_back(void);

/* Whether every user may make files in the directory of the traces. */
bool trace_anyone_may_make(void);

/* The file is to be that user's, who may remove it then. */
void trace_give_to(uid_t user);

#endif
