/* Findings of a program that is not run: what its debug information says lives across awaits. */
#ifndef REPORT_SCAN_H
#define REPORT_SCAN_H

#include "contract/layout.h"

struct report;

struct scan_options {
	struct held_patterns held; /* the user's own types */
	uint64_t large;		   /* values of at least so many bytes are told; 0: none */
};

/*
 * Adds the findings of one file. Returns 0; 1 when it could be read and tells of no async function,
 * with the reason in `sentence`; or -errno and why it cannot be scanned.
 */
int scan_file(struct report *report, const char *path, const struct scan_options *options,
	      char sentence[LAYOUT_SENTENCE_SIZE]);

#endif
