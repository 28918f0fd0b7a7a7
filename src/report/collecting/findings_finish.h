/* From observations that were added up to findings that can be shown. */
#ifndef REPORT_FINDINGS_FINISH_H
#define REPORT_FINDINGS_FINISH_H

struct report;

/* Worst first, with ids, messages and advice; to be called once, when all are in. */
void findings_finish(struct report *report);

#endif
