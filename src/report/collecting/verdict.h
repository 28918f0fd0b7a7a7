/*
 * Classifies the frames of an observation, after symbolisation, for the judge
 * (judgement/report/stack.h).
 */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

#include "report/model/finding.h"

struct limits;

/*
 * Applies the rules: lowers severity and confidence and sets root. Returns false if this is no
 * finding: code that may block, or a thread outside any turn. `flags`: enum site_flags.
 * `script_full`: the interpreter's outer frames may be missing because the buffer was full.
 */
bool verdict(struct finding *seen, uint8_t flags, bool script_full);

/* Whether interpreter code ran below its event loop, not before or after it; true as well if
 * unknown. */
bool verdict_is_below_loop(const struct finding *seen, bool script_full);

/* Likewise for a long turn. */
bool verdict_long_turn(struct finding *seen, uint8_t flags, bool script_full,
		       const struct limits *limits);

#endif
