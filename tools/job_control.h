/* What the kernel reports about another process and the terminal, for a launcher
 * between the two. */
#ifndef TOOLS_JOB_CONTROL_H
#define TOOLS_JOB_CONTROL_H

#include <stdbool.h>
#include <sys/types.h>

/* Stopped by a signal and not yet continued. */
bool process_is_stopped(pid_t pid);

/* Whether it was started by this process, or by a descendant. False if it has ended. */
bool process_descends_from_us(pid_t pid);

/* The foreground process group of the terminal; -1 without a terminal. */
pid_t terminal_group(void);

/* Gives the terminal to a group, with SIGTTOU blocked. */
void terminal_give(pid_t group);

#endif
