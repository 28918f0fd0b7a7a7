/*
 * A baseline: findings that are known and put up with for now, so that only new ones fail. Its file
 * is kept beside the code and read by people: one finding a line, sorted, its id and then a comment
 * that tells it; nothing in a line changes from run to run.
 */
#ifndef REPORT_BASELINE_H
#define REPORT_BASELINE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define BASELINE_SENTENCE_SIZE (PATH_MAX + 256)

struct baseline_entry;
struct report;

/* All zero: nothing is known. */
struct baseline {
	struct baseline_entry *entries;
	size_t count, seen;
};

/*
 * Adds what a file knows. Returns 0, or -errno with what is wrong in `sentence`: with its line
 * number for a line that names no finding, and -EINVAL.
 */
int baseline_read(struct baseline *baseline, const char *path,
		  char sentence[BASELINE_SENTENCE_SIZE]);

void baseline_deinit(struct baseline *baseline);

/* Whether it knows a finding, which then counts as seen. */
bool baseline_knows(struct baseline *baseline, const char *id);

/*
 * Writes all findings of the report, of every severity: what is a notice on a quiet machine may be
 * an error on a busy one. Turns that were long because others had the
 * processor are none of the program's. A line that the file has already stays as it is, so that
 * remarks in it stay too. Returns 0, or -errno with the reason in `sentence`; a file that is no
 * baseline is left alone.
 */
int baseline_write(const struct report *report, const char *path,
		   char sentence[BASELINE_SENTENCE_SIZE]);

#endif
