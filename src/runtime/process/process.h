/* The life of the process: its start, forks, execs and end, and what changes its rights. */
#ifndef RUNTIME_PROCESS_H
#define RUNTIME_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In a forked child, whose turns, slot and trace are its parent's. pthread_atfork calls it, but for
 * _Fork. */
void process_forked(void);

/* Before an exec, and after one that failed. */
void process_execs(void);
void process_exec_failed(void);

/*
 * Before the process ends. `handlers`: exit handlers are still to run, outside any turn. `frame`:
 * the stack address of the call that ends it; UINTPTR_MAX when there is none.
 */
void process_exits(int status, bool handlers, uintptr_t frame);

/* Before rights are dropped or the root changes: what is written later must be open by then. */
void process_drops_privileges(void);

/* Before the process becomes another user ((uid_t)-1: or another group). Where that user can make
 * files itself, none is made for it. */
void process_changes_user(uid_t user);

/* Before a seccomp filter: after it no system call of ours is made. */
void process_installs_seccomp(void);

/* The present thread got a name. */
void thread_named(const char *name);

/* Set by the wrappers of dlopen and kin. */
extern bool modules_may_have_changed;

/* Modules came or went since the last look. Looks again, in the thread that first asks. */
void modules_refresh(void);

#endif
