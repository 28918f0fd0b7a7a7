/*
 * One cause is one finding. Several libc calls below one library call of the program (requests.get:
 * connect, send, recv) become parts of one finding, led by the worst.
 */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

struct report;

/* Moves the parts out of the report's sorted findings into `also` of the worst. */
void parts_merge(struct report *report);

#endif
