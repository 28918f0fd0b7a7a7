/* borrow-across-yield: found by a scan, and in the futures of a program that runs. */
#include "held_value.h"
#include "report/model/model.h"

const char *borrow_across_yield_subject(struct report *report, const struct finding *finding)
{
	return held_value_subject(report, finding);
}

const char *borrow_across_yield_cost(struct report *report, const struct finding *finding)
{
	return held_value_cost(report, finding);
}

const char *borrow_across_yield_advice(struct report *report, const struct finding *finding)
{
	(void)report;
	(void)finding;
	return "end the borrow before the .await, in a block of its own or by drop(); another task "
	       "that borrows the "
	       "same RefCell meanwhile panics";
}
