/*
 * A progress line on a terminal for long work: overwritten in place, and shown only after a
 * noticeable time. One at a time.
 */
#ifndef DEBUG_INFO_PROGRESS_H
#define DEBUG_INFO_PROGRESS_H

#include <stddef.h>
#include <stdio.h>

/*
 * Where to show it, if that is a terminal; NULL (the default): nowhere. Takes SIGALRM meanwhile, to
 * show the line also while a single item lasts.
 */
void progress_on(FILE *out);

/* Call often, with the number of finished items and the total; 0: unknown. */
void progress_step(const char *doing, size_t done, size_t all);

/* Wipes the line at the end of a kind of work. The time counts on from progress_on(): many short
 * works in a row are one long one. */
void progress_end(void);

#endif
