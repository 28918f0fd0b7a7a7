/* non-send-across-yield: found by a scan. */
#include "held_value.h"
#include "report/model/model.h"

const char *non_send_across_yield_subject(struct report *report, const struct finding *finding)
{
	return held_value_subject(report, finding);
}

const char *non_send_across_yield_cost(struct report *report, const struct finding *finding)
{
	return held_value_cost(report, finding);
}

const char *non_send_across_yield_advice(struct report *report, const struct finding *finding)
{
	(void)report;
	(void)finding;
	return "such a task runs on one thread alone: in block_on or a LocalSet; where it is to be "
	       "spawned, end the "
	       "value before the .await, or use Arc";
}
