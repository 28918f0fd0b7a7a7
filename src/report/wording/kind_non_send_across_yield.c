/* non-send-across-yield: found by a scan. */
#include "held_value.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"

const char *non_send_across_yield_subject(struct session *session, const struct finding *finding)
{
	return held_value_subject(session, finding);
}

const char *non_send_across_yield_cost(struct session *session, const struct finding *finding)
{
	return held_value_cost(session, finding);
}

const char *non_send_across_yield_advice(struct session *session, const struct finding *finding)
{
	(void)session;
	(void)finding;
	return "such a task runs on one thread alone: in block_on or a LocalSet; where it is to be "
	       "spawned, end the "
	       "value before the .await, or use Arc";
}
