/* The recognisers: one line each. Event loops and threads named by option need no look at modules.
 */
#include "../compiler.h"
#include "../interpreters.h"
#include "annotated.h"
#include "executor.h"
#include "task_module.h"

const struct recogniser recognisers[] = {
	{ "interpreters", interpreters_module_added, NULL },
	{ "annotated", annotated_module_added, NULL },
	{ "tasks", task_module_added, task_modules_forked },
};

const unsigned recogniser_count = ARRAY_SIZE(recognisers);
