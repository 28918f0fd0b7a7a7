/* large-across-yield: found by a scan. */
#include "held_value.h"
#include "report/model/model.h"

const char *large_across_yield_subject(struct report *report, const struct finding *finding)
{
	return held_value_subject(report, finding);
}

const char *large_across_yield_cost(struct report *report, const struct finding *finding)
{
	return held_value_cost(report, finding);
}

const char *large_across_yield_advice(struct report *report, const struct finding *finding)
{
	(void)report;
	(void)finding;
	return "put it into a Box or a Vec, or end it before the .await: every task of this type "
	       "is as large";
}
