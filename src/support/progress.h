/*
 * A line on a terminal that says how far a long work has come: written over again and again, once
 * the work has taken long enough to be noticed. One at a time.
 */
#ifndef DEBUG_INFO_PROGRESS_H
#define DEBUG_INFO_PROGRESS_H

#include <stddef.h>
#include <stdio.h>

/* Where it is shown, if that is a terminal; NULL: nowhere, as it is at first. */
void progress_on(FILE *out);

/* To be called often: with what is done, of how many. */
void progress_step(const char *doing, size_t done, size_t all);

/* The line is wiped; the next work begins anew. */
void progress_end(void);

#endif
