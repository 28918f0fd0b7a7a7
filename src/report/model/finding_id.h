/* The key that merges observations into one finding, and the id that names a finding across runs
 * and builds. */
#ifndef REPORT_FINDING_ID_H
#define REPORT_FINDING_ID_H

#include "finding.h"

struct report;

/*
 * Kind, call, executor, and the program's own frames with their lines, from the place outwards to
 * the beginning of the turn. Frames of std or a runtime in between do not count. The caller frees
 * the array.
 */
uint64_t *finding_key(const struct finding *finding, size_t *words);

/*
 * Sets each finding's id: a hash of the same without lines, addresses, or anything else that
 * changes with the build, run or machine. Several alike in one function are numbered in source
 * order, from the second on. Sorts the report's findings.
 */
void findings_identify(struct report *report);

#endif
