/*
 * What is known of each descriptor without a system call: its type and whether it is non-blocking.
 * A byte pair each; forgotten when a call may have changed it, asked for (statx, fcntl) when it is
 * needed and not known, and asked again before anything is blamed.
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

#define MAX_DESCRIPTORS (1 << 20) /* fs.nr_open's default; beyond it everything is asked anew */

/* One byte each: the subject (0: not known) and three bits. NULL before start-up. */
extern uint8_t *descriptor_table;

#define DESCRIPTOR_NONBLOCKING 0x40
#define DESCRIPTOR_APPEND      0x80
#define DESCRIPTOR_COPIED      0x20 /* dup: another number has the same open file, and its flags */
#define DESCRIPTOR_SUBJECT     0x1f

/* Known never to wait: what an executor should have. Budget with the call around it: 5 ns. */
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

/* This number was closed, or a call returned it for a new descriptor. Any int; 1 ns. */
static inline void descriptor_forget(int fd)
{
	if (UNLIKELY(this_thread.loop_has_fds))
		descriptor_forget_in_loop(fd);
	/* Only what was known is written: pages of high descriptors stay untouched. */
	if ((unsigned)fd < MAX_DESCRIPTORS && LIKELY(descriptor_table != NULL) &&
	    descriptor_table[fd])
		descriptor_table[fd] = 0;
}

void descriptors_forget_range(unsigned first, unsigned last);

/* The descriptor stays open, but its type or flags have to be asked for again. */
void descriptor_changed(int fd);

/* `copy` is a new number for the open file of `fd`. */
void descriptor_copied(int fd, int copy);

/* It was made so: spares the question. */
void descriptor_know(int fd, struct descriptor known);

/*
 * O_NONBLOCK was set or cleared, or both flags were set to what is given. They belong to the open
 * file: copies of the descriptor have to be asked for again.
 */
void descriptor_set_nonblocking(int fd, bool nonblocking);
void descriptor_set_flags(int fd, bool nonblocking, bool append);

/* From the record; asks when it is not there. A closed descriptor has SUBJECT_NONE. */
struct descriptor descriptor_get(int fd);

#define FLAGS_UNKNOWN (-1)

/* Asks anew. `flags`: the open file's, where they are known, which spares a question. */
struct descriptor descriptor_ask_with(int fd, int flags);

static inline struct descriptor descriptor_ask(int fd)
{
	return descriptor_ask_with(fd, FLAGS_UNKNOWN);
}

#endif
