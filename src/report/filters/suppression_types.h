/* The subjects of suppression conditions: one line each. */
#ifndef REPORT_SUPPRESSION_TYPES_H
#define REPORT_SUPPRESSION_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#include "suppressions.h"

struct suppression_type {
	const char *name; /* the word before the colon */
	bool (*matches)(const struct suppression_condition *condition,
			const struct finding *finding);
	/* Whether a pattern can ever match; NULL: any can. */
	bool (*may_be)(const char *pattern, size_t length);
	const char *wanted; /* what it must look like, for the error message */
};

extern const struct suppression_type suppression_types[];
extern const size_t suppression_type_count;

#endif
