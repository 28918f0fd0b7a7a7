/* The tasks of a process, grouped, as text. */
#ifndef REPORT_TEXT_TASKS_H
#define REPORT_TEXT_TASKS_H

#include <stdio.h>

struct process;
struct report;

void text_tasks_print(const struct report *report, const struct process *process, FILE *out);

#endif
