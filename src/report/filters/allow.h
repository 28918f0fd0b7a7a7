/* The option `allow`: functions that may block, matched by symbol names, which only
 * a report knows. */
#ifndef REPORT_ALLOW_H
#define REPORT_ALLOW_H

#include <stdbool.h>

struct finding;

/* Whether a function on one of its stacks matches one of the
 * patterns: see option_pattern_matches. */
bool allow_fits(const char *patterns, const struct finding *finding);

#endif
