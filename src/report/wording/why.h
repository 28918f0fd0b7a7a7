/* Why a finding has its severity, in words. */
#ifndef REPORT_WHY_H
#define REPORT_WHY_H

#include <stdbool.h>

#include "judgement/reason.h"

/* "lock", "slept": as in JSON. */
const char *reason_word(enum reason reason);

/* "it waits for a lock: nothing when free, ..." */
const char *reason_sentence(enum reason reason);

/* "raised", "lowered", ...: its effect on the severity or the confidence. */
const char *reason_effect_word(enum reason reason);

/* Whether machine load lowered the severity: a report always says so. */
bool reasons_name_load(reason_set reasons);

#endif
