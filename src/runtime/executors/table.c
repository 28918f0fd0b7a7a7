/* The recognisers: one line each. Event loops and threads named by option need no look at modules.
 */
#include "../compiler.h"
#include "../interpreters.h"
#include "annotated.h"
#include "executor.h"
#include "tokio.h"

const struct recogniser recognisers[] = {
	{ "interpreters", interpreters_module_added, NULL },
	{ "annotated", annotated_module_added, NULL },
	{ "tokio", tokio_module_added, tokio_forked },
};

const unsigned recogniser_count = ARRAY_SIZE(recognisers);
