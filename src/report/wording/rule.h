/* The rules that findings violate, one for each kind and category of calls: the same in every
 * report, whatever it found. */
#ifndef REPORT_RULE_H
#define REPORT_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/model/finding.h"

struct rule {
	enum finding_kind kind;
	const char *category; /* NULL: for the kind alone */
	const char *title;    /* one sentence */
};

/* The n-th; NULL after the last. */
const struct rule *rule_at(size_t n);

/* The number of a finding's rule. */
size_t rule_of(const struct finding *finding);

/* "blocking-call.sleep", "deadlock"; for people "BlockingCallSleep". The caller frees it. */
char *rule_id(const struct rule *rule);
char *rule_name(const struct rule *rule);

/* What is wrong and what to do instead, as text or Markdown. The caller frees it. */
char *rule_help(const struct rule *rule, bool markdown);

#endif
