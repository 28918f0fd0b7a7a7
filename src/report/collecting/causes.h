/*
 * Findings with one cause. A guard that is held across an await and the deadlock that this made,
 * and the waits of several threads for one lock, become one finding. A wait for a lock that
 * another finding explains stays a finding of its own, which names its cause and follows it.
 */
#ifndef REPORT_CAUSES_H
#define REPORT_CAUSES_H

struct report;

/* Called when the findings are sorted and their parts merged. */
void causes_find(struct report *report);

#endif
