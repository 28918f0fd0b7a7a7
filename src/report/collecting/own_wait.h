/* Waits that a loop's library makes for itself, outside the loop's own wait. */
#ifndef REPORT_OWN_WAIT_H
#define REPORT_OWN_WAIT_H

#include "report/model/finding.h"

bool is_wait_of_library(const struct finding *seen);

#endif
