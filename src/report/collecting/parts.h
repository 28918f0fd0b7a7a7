/*
 * One cause is one finding: calls of libc that the program made by one call of a library's function
 * (requests.get: connect, send, recv) are parts of one finding, the worst of them.
 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

struct report;

/* Takes the parts out of the report's findings, which are in order, into `also` of the worst. */
void parts_merge(struct report *report);

#endif
