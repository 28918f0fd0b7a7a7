/* Which threads poll the running tasks of a process that is explained. */
#ifndef REPORT_HANG_POLLS_H
#define REPORT_HANG_POLLS_H

struct hang;
struct process;

/* By the stacks of its threads: one that is in the poll of a type polls one of its running tasks. A
 * thread whose stack is not known, because it computes, is not among them. */
void hang_set_polls(const struct hang *hang, struct process *process);

#endif
