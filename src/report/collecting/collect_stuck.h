/* Tasks that can never run again. */
#ifndef REPORT_COLLECT_STUCK_H
#define REPORT_COLLECT_STUCK_H

struct collection;

/* Takes two seconds if tasks of a running process seem stuck. */
void collect_stuck(struct collection *collection);

#endif
