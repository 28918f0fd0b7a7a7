/* The findings of a report, while observations are added up. */
#ifndef REPORT_FINDINGS_H
#define REPORT_FINDINGS_H

struct finding;
struct process;
struct report;

/*
 * Adds an observation to the findings: to the one of the same kind and place, or as a new one.
 * `process` is NULL for what was found in a file.
 * Copies what `seen` holds, its id, shares, message and advice apart. To be called for one process
 * after the other.
 */
void finding_add(struct report *report, const struct finding *seen, const struct process *process);

/* Of one that is taken out of the report, with its parts. */
void finding_free_shares(struct finding *finding);

void findings_deinit(struct report *report);

#endif
