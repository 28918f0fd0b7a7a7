/*
 * A baseline: findings that are known and accepted for now, so that only new ones fail. The file is
 * kept beside the code and read by people: one finding a line, sorted, its id and a comment that
 * describes it; nothing in a line changes from run to run.
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
 * Adds the entries of a file. Returns 0, or -errno with the reason in `sentence`: -EINVAL and the
 * line number for a line that names no finding.
 */
int baseline_read(struct baseline *baseline, const char *path,
		  char sentence[BASELINE_SENTENCE_SIZE]);

void baseline_deinit(struct baseline *baseline);

/* Whether the finding is in the baseline; if so, marks it as seen. */
bool baseline_knows(struct baseline *baseline, const char *id);

/*
 * Writes all findings of the report, of every severity: a notice on a quiet machine may be an error
 * on a busy one. Skips turns that were long because of CPU contention. Keeps existing lines
 * unchanged, with their remarks. Returns 0, or -errno with the reason in `sentence`; never
 * overwrites a file that is not a baseline.
 */
int baseline_write(const struct report *report, const char *path,
		   char sentence[BASELINE_SENTENCE_SIZE]);

#endif
