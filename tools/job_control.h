/* What the kernel tells of another process and of the terminal, for who stands between the two. */
#ifndef TOOLS_JOB_CONTROL_H
#define TOOLS_JOB_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

/* By a signal, and not gone on since. */
bool process_is_stopped(pid_t pid);

/* Whether it was started by this process, or by one that was. False of one that is gone. */
bool process_descends_from_us(pid_t pid);

/* The process group in the foreground of the terminal; -1 without a terminal. */
pid_t terminal_group(void);

/* With SIGTTOU blocked: gives the terminal to a group. */
void terminal_give(pid_t group);

#endif
