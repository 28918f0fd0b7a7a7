/* Whether code is part of a loop's cycle, or follows the loop. */
#ifndef MACHINE_CODE_CODE_CYCLE_H
#define MACHINE_CODE_CODE_CYCLE_H

#include <stdbool.h>
#include <stdint.h>

struct elf_file;

/*
 * Whether code that continues at return address `from` can reach the call that returns to `to`
 * without leaving its function; both are file addresses. Assumes that calls return, except of
 * libc's noreturn functions; does not follow jumps through a table. Bounded.
 */
bool code_comes_to(const struct elf_file *object, uint64_t from, uint64_t to);

/*
 * Whether a range of code contains a call from which the call that returns to `to` can be reached,
 * but not vice versa: it precedes the cycle that contains `to`.
 */
bool code_leads_to(const struct elf_file *object, uint64_t begin, uint64_t end, uint64_t to);

#endif
