/* large-across-yield: found by a scan. */
#include "held_value.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"

const char *large_across_yield_subject(struct session *session, const struct finding *finding)
{
	return held_value_subject(session, finding);
}

const char *large_across_yield_cost(struct session *session, const struct finding *finding)
{
	return held_value_cost(session, finding);
}

const char *large_across_yield_advice(struct session *session, const struct finding *finding)
{
	(void)session;
	(void)finding;
	return "put it into a Box or a Vec, or end it before the .await: every task of this type "
	       "is as large";
}
