/* What the call of a finding waited for. */
#ifndef REPORT_WAITED_FOR_H
#define REPORT_WAITED_FOR_H

#include "collection.h"

/* From the trace. */
void waited_for_take(struct collection *collection, const struct trace_site *site,
		     struct finding *seen);

/* For a call in progress: from /proc, while its process runs. */
void waited_for_look(struct collection *collection, const struct trace_thread *thread,
		     const struct trace_call *call, struct finding *seen);

#endif
