/*
 * What the files at some paths were when they were opened: a server opens the same ones again and
 * again, and asking for the type of each costs as much as half of a finding's budget allows for
 * the whole call.
 *
 * Only files and directories of file systems with a fixed content: an absolute path outside of
 * /proc and /dev. A path is asked for again after OPENED_PATH_USES opens, and all are after a
 * change of the mounts, so a wrong answer (the file was replaced by something else) does not last.
 */
#ifndef RUNTIME_PROCESS_OPENED_PATHS_H
#define RUNTIME_PROCESS_OPENED_PATHS_H

#include <stdint.h>

#include "contract/trace_format.h"

#define OPENED_PATH_USES 15

/* Identifies the path of an open with these flags; 0: it must be asked for each time. */
uint64_t opened_path_key(const char *path, int flags);

/* The subject that was learnt; SUBJECT_NONE: ask. */
enum trace_subject opened_path_subject(uint64_t key);

void opened_path_learn(uint64_t key, enum trace_subject subject);

void opened_paths_forget(void);

#endif
