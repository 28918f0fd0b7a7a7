/*
 * The trace's writer. The trace is a file mapped shared, so its contents outlive the process. It is
 * made at the first record, and its disk space is allocated in steps of 64 KiB before it is
 * written, because storing into a hole on a full disk would raise SIGBUS. Lock-free and
 * async-signal-safe.
 */
#ifndef RUNTIME_TRACE_H
#define RUNTIME_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "contract/trace_format.h"

/* Start-up: saves what may be unavailable later (the command line, the time, the directory). */
void trace_init(void);

/* Makes the trace if there is none yet. False if there is none and it cannot be made now. */
bool trace_open(void);

/* In a forked child: the trace belongs to the parent. */
void trace_forget(void);

/* The header, or NULL while there is no trace. */
struct trace_header *trace_header(void);

/*
 * Allocates a zeroed record of `size` bytes (rounded up), with type RECORD_UNFINISHED; NULL if the
 * trace is full, which is counted. Finish it with trace_publish.
 */
void *trace_allocate(size_t size);
void trace_publish(void *record, enum record_type type);

/* Whether less than `eighths` eighths of it are used. */
bool trace_has_room(unsigned eighths);

/* The first published record at or after `at`; sets `at` to its end. NULL: there are no more. */
const struct trace_record *trace_next_record(uint64_t *at);

uint32_t trace_offset(const void *record);
void *trace_at(uint32_t offset);

void trace_lose_event(void);
void trace_lose_site(void);

/* Counts a lost event that is an error. */
void trace_lose_error(void);

/* An executor runs turns here. If there is no file, marks that they are lost. */
void trace_had_turn(void);

/* Whether they are lost and not even an empty file could be made. */
bool trace_is_lost_unmarked(void);

/* Allocates space for future records. */
void trace_reserve(void);

/*
 * A SIGBUS at this address. True if it is in the trace: its file was truncated, and anonymous
 * memory replaced it. Its contents are lost, which is marked. Async-signal-safe.
 */
bool trace_was_cut(uintptr_t address);

/* Makes no more system calls: the program has a seccomp filter. */
void trace_give_up_calls(void);

/* The errno of the last failed attempt to make the file. */
int trace_file_error(void);

/* The file's path; empty if there is none (no room on disk: an anonymous mapping). */
const char *trace_path(void);

/* Removes the file: it contains no findings. */
void trace_remove(void);

/*
 * Writes the file again if it was removed, because the process continues. Concurrent records of
 * other threads may be lost.
 */
void trace_bring_back(void);

/* Whether every user may create files in the trace directory. */
bool trace_anyone_may_make(void);

/* Gives the file to that user, who may remove it then. */
void trace_give_to(uid_t user);

#endif
