/*
 * Type and mode (non-blocking or not) of each descriptor, known without a system call. An entry is
 * dropped when a call may have changed it, filled in (statx, fcntl) when it is needed, and queried
 * again before a finding is recorded.
 */
#ifndef RUNTIME_DESCRIPTORS_H
#define RUNTIME_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/compiler.h"
#include "runtime/base/thread.h"
#include "contract/trace_format.h"

struct descriptor {
	uint8_t subject;  /* enum trace_subject; SUBJECT_NONE: not known */
	bool nonblocking; /* O_NONBLOCK; means nothing on a regular file */
	bool append;	  /* O_APPEND */
};

#define MAX_DESCRIPTORS (1 << 20) /* default of fs.nr_open; above it, every use is a query */

/* One byte each: the subject (0: not known) and three bits. NULL before start-up. */
extern uint8_t *descriptor_table;

#define DESCRIPTOR_NONBLOCKING 0x40
#define DESCRIPTOR_APPEND      0x80
#define DESCRIPTOR_COPIED      0x20 /* dup: another number shares the open file, and its flags */
#define DESCRIPTOR_SUBJECT     0x1f

/* Known never to wait, as it should be in an executor. Budget with the call around it: 5 ns. */
static inline bool descriptor_never_waits(int fd)
{
	uint8_t known;

	if ((unsigned)fd >= MAX_DESCRIPTORS)
		return false;
	known = descriptor_table[fd];
	return known & DESCRIPTOR_NONBLOCKING && (known & DESCRIPTOR_SUBJECT) >= SUBJECT_PIPE;
}

/* Start-up. Returns 0 or -errno. */
int descriptors_init(void);

COLD void descriptor_forget_in_loop(int fd);

/* The last one that began to listen, whose close is announced; -1: none. See phase.h. */
extern int descriptor_listener __attribute__((visibility("hidden")));

/* This number was closed, or a call returned it for a new descriptor. Accepts any int; 1 ns. */
static inline void descriptor_forget(int fd)
{
	if (UNLIKELY(this_thread.loop_has_fds || (fd >= 0 && fd == descriptor_listener)))
		descriptor_forget_in_loop(fd);
	/* Write only if something was known: pages of high descriptors stay untouched. */
	if ((unsigned)fd < MAX_DESCRIPTORS && LIKELY(descriptor_table != NULL) &&
	    descriptor_table[fd])
		descriptor_table[fd] = 0;
}

void descriptors_forget_range(unsigned first, unsigned last);

/* The descriptor stays open, but its type or flags must be queried again. */
void descriptor_changed(int fd);

/* `copy` is a new number for the open file of `fd`. */
void descriptor_copied(int fd, int copy);

/* Known from the call that made it: saves the query. */
void descriptor_know(int fd, struct descriptor known);

/*
 * O_NONBLOCK was set or cleared, or both flags were set. The flags belong to the open file: copies
 * of the descriptor must be queried again.
 */
void descriptor_set_nonblocking(int fd, bool nonblocking);
void descriptor_set_flags(int fd, bool nonblocking, bool append);

/* From the record, or by a query. SUBJECT_NONE for a closed descriptor. */
struct descriptor descriptor_get(int fd);

#define FLAGS_UNKNOWN (-1)

/* Queries again. `flags`: the open file's flags if known, which saves a system call. */
struct descriptor descriptor_ask_with(int fd, int flags);

/* Of a descriptor that was just made by opening `path` (NULL: not known) with these flags. */
struct descriptor descriptor_opened(int fd, const char *path, int flags);

static inline struct descriptor descriptor_ask(int fd)
{
	return descriptor_ask_with(fd, FLAGS_UNKNOWN);
}

#endif
