/* borrow-across-yield: found by a scan, and in the futures of a running program. */
#include "held_value.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"

const char *borrow_across_yield_subject(struct session *session, const struct finding *finding)
{
	return held_value_subject(session, finding);
}

const char *borrow_across_yield_cost(struct session *session, const struct finding *finding)
{
	return held_value_cost(session, finding);
}

const char *borrow_across_yield_advice(struct session *session, const struct finding *finding)
{
	(void)session;
	(void)finding;
	return "end the borrow before the .await, in a block of its own or by drop(); another task "
	       "that borrows the "
	       "same RefCell meanwhile panics";
}
