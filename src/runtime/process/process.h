/* The life of the process: its start, forks, execs and end, and changes of its privileges. */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * In a forked child, whose turns, slot and trace belong to its parent. Called by pthread_atfork,
 * except after _Fork.
 */
void process_forked(void);

/* Before an exec, and after one that failed. */
void process_execs(void);
void process_exec_failed(void);

/*
 * Before the process ends. `handlers`: exit handlers are still to run, outside any turn. `frame`:
 * the stack address of the call that ends it; UINTPTR_MAX: none.
 */
void process_exits(int status, bool handlers, uintptr_t frame);

/* Before privileges are dropped or the root changes: opens what will be written later. */
void process_drops_privileges(void);

/*
 * Before the process becomes another user ((uid_t)-1: or another group). If that user can create
 * the files, they are not created in advance.
 */
void process_changes_user(uid_t user);

/* Before a seccomp filter: we make no system calls after it. */
void process_installs_seccomp(void);

/* The calling thread got a name. */
void thread_named(const char *name);

/* Set by the wrappers of dlopen and similar calls. */
extern bool modules_may_have_changed;

/* Modules were loaded or unloaded: scans them again, in the first thread that asks. */
void modules_refresh(void);

#endif
