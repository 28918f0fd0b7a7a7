/*
 * Allowances: regions for which the program itself says why they may hold up their executor. What
 * happens in one is judged as ever, and then counted under the reason instead of being a finding.
 */
#ifndef RUNTIME_ALLOWANCE_H
#define RUNTIME_ALLOWANCE_H

#include <stdbool.h>

/* Pairs on one thread, nested; the innermost reason counts. `reason` lives until the end. */
void allowance_begin(const char *reason);
void allowance_end(void);

/* Whether the present thread is in such a region. */
bool allowance_is_open(void);

/* When it is: counts one event that is no finding for this reason. To be asked before anything is
 * recorded. */
bool allowance_take(void);

/* In a forked child: what was counted is the parent's, the regions stay open. */
void allowance_forget(void);

#endif
