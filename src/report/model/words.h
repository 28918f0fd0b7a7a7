/* The report's words for numbers of the trace: one table each, shared by all formats. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include <stdint.h>

#include "contract/trace_format.h"
#include "judgement/report/phase.h"

/* Numbers without a word get the one for "unknown" or the lowest. */
const char *family_word(uint32_t family);
const char *severity_word(uint32_t severity);
const char *confidence_word(uint32_t confidence);
const char *role_word(uint32_t role); /* enum stack_role */

/* -EINVAL for a word other than "error", "warning", "notice". */
int severity_from_word(const char *word, enum severity *severity);

/* "start-up", "shutdown"; NULL: service. */
const char *phase_word(enum phase phase);

/* enum trace_stall; NULL if unknown. */
const char *stall_word(uint32_t stall);

#endif
