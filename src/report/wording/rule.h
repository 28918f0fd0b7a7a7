/* The rules that findings break, one for each kind and category of calls: the same in every report,
 * whatever was found. */
#ifndef REPORT_RULE_H
#define REPORT_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "report/model/finding.h"

struct rule {
	enum finding_kind kind;
	const char *category; /* NULL: of the kind alone */
	const char *title;    /* one sentence */
};

/* The n-th; NULL behind the last. */
const struct rule *rule_at(size_t n);

/* The number of a finding's. */
size_t rule_of(const struct finding *finding);

/* "blocking-call.sleep", "deadlock"; for people "BlockingCallSleep". To be freed. */
char *rule_id(const struct rule *rule);
char *rule_name(const struct rule *rule);

/* What is wrong with it and what to do instead, as text or in Markdown. To be freed. */
char *rule_help(const struct rule *rule, bool markdown);

#endif
