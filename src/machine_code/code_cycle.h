/* Whether code is part of a cycle: of what a loop repeats, and not of what follows the loop. */
#ifndef MACHINE_CODE_CODE_CYCLE_H
#define MACHINE_CODE_CODE_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

struct elf_file;

/*
 * Whether code that goes on at return address `from` can come to the call that returns to `to`
 * without leaving its function: both in the file's own addresses. Calls return, unless they are of
 * libc's functions that never do; jumps through a table are not followed. Bounded.
 */
bool code_comes_to(const struct elf_file *object, uint64_t from, uint64_t to);

/*
 * Whether a stretch of code makes a call from which the one that returns to `to` can be reached,
 * but not the other way round: it stands before the cycle that `to` is in.
 */
bool code_leads_to(const struct elf_file *object, uint64_t begin, uint64_t end, uint64_t to);

#endif
