/* Turns accumulated observations into findings that can be printed. */
#ifndef REPORT_FINDINGS_FINISH_H
#define REPORT_FINDINGS_FINISH_H

struct report;

/* Sorts worst first and fills ids, messages and advice; call once, after all observations. */
void findings_finish(struct report *report);

#endif
