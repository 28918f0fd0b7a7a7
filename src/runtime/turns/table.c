/* The recognisers: one line each. Event loops and threads named by option need no look at modules.
 */
#include "runtime/base/compiler.h"
#include "runtime/interpreters/interpreters.h"
#include "annotated.h"
#include "executor.h"
#include "runtime/tasks/task_module.h"

const struct recogniser recognisers[] = {
	{ "interpreters", interpreters_module_added, NULL },
	{ "annotated", annotated_module_added, NULL },
	{ "tasks", task_module_added, task_modules_forked },
};

const unsigned recogniser_count = ARRAY_SIZE(recognisers);
