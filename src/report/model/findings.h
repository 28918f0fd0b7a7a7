/* The findings of a report while observations are accumulated. */
#ifndef REPORT_FINDINGS_H
#define REPORT_FINDINGS_H

struct finding;
struct process;
struct report;

/*
 * Adds an observation to the finding of the same kind and place, or as a new one. `process` is NULL
 * for a finding in a file. Copies the contents of `seen` except its id, shares, message and advice.
 * Call for one process after another.
 */
void finding_add(struct report *report, const struct finding *seen, const struct process *process);

/* Adds a test to those of a finding, once. The name is kept; NULL: unknown. */
void finding_add_test(struct finding *finding, const char *test);

/* For a finding that is removed from the report, with its parts. */
void finding_free_shares(struct finding *finding);

void findings_deinit(struct report *report);

#endif
