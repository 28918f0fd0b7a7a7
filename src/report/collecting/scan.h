/* Findings without a run: values that live across awaits according to debug information. */
#ifndef REPORT_SCAN_H
#define REPORT_SCAN_H

#include "contract/layout.h"

struct report;

struct scan_options {
	struct held_patterns held; /* the user's own types */
	uint64_t large;		   /* report values of at least this many bytes; 0: none */
};

/*
 * Adds the findings of one file. Returns 0; 1 with the reason in `sentence` if the file has no
 * async function; or -errno and the reason why it cannot be scanned.
 */
int scan_file(struct report *report, const char *path, const struct scan_options *options,
	      char sentence[LAYOUT_SENTENCE_SIZE]);

#endif
