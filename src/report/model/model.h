/* The model of a report: what the formats print. */
#ifndef REPORT_MODEL_H
#define REPORT_MODEL_H

#include <stdio.h>

#include "support/memory.h"
#include "inspect/session.h"
#include "finding.h"
#include "process.h"
#include "report_options.h"

/* A file that was scanned, in the order of the command line. */
struct scanned_file {
	const char *path;
	struct scanned_file *next;
};

struct report {
	struct session *session;   /* has the texts and the frames of stacks */
	struct obstack memory;	   /* of all else that the model holds */
	struct process *processes; /* by pid, then path */
	struct scanned_file *scanned;
	struct finding *findings_by_key;
	struct finding **findings; /* worst first, once all are in */
	size_t finding_count, finding_room;
	bool live;		      /* of what lasts alone: names of all else need not be found */
	struct stall_sample *samples; /* of long turns, until their findings have them */
	const struct report_options *options;
	struct report_summary summary;
};

#endif
