/* What makes two observations one finding, and what names a finding over runs and builds. */
#ifndef REPORT_FINDING_ID_H
#define REPORT_FINDING_ID_H

#include "finding.h"

/*
 * Kind, call, executor, and the program's own frames with their lines, from the place outwards to
 * the turn's beginning: how std or a runtime came from there to the call is not the author's
 * matter. To be freed.
 */
uint64_t *finding_key(const struct finding *finding, size_t *words);

/*
 * Sets each finding's id: a hash of the same without lines, addresses, or anything else that
 * another build, run or machine would change. Of several alike in one function, the second and
 * later ones get theirs by their order in the source. Sorts `findings`.
 */
void findings_identify(struct finding **findings, size_t count);

#endif
