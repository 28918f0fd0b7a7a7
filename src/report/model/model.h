/* The model of a report: what the formats print. */
#ifndef REPORT_MODEL_H
#define REPORT_MODEL_H

#include <stdio.h>

#include "support/memory.h"
#include "support/strings.h"
#include "symbols/symbols.h"
#include "finding.h"
#include "process.h"
#include "report/report.h"

/* A loaded object of which the file does not serve, or not for all: "Frames of PATH have no LACKS:
 * it PROBLEM." */
struct missing_module {
	struct missing_module *next;
	const char *path, *lacks, *problem;
};

#define LACKS_NAMES "names"
#define LACKS_LINES "lines"

/* A file that was scanned, in the order of the command line. */
struct scanned_file {
	const char *path;
	struct scanned_file *next;
};

struct report {
	struct obstack memory; /* of all that the model holds */
	struct strings strings;
	struct symbols symbols;
	struct process *processes; /* by pid, then path */
	struct scanned_file *scanned;
	struct known_stack *known_stacks, *known_scripts[2]; /* see stack.c; [1]: of Python */
	struct source_text *source_texts;
	struct finding *findings_by_key;
	struct finding **findings; /* worst first, once all are in */
	size_t finding_count, finding_room;
	bool live; /* of what lasts alone: names of all else need not be found */
	struct missing_module *missing;
	struct missing_module *blind; /* no layout of its futures: why, in problem */
	struct known_layout *layouts;
	struct stall_sample *samples; /* of long turns, until their findings have them */
	const struct report_options *options;
	struct report_summary summary;
	const char *directory, *top; /* the present one and the repository's, once asked for */
};

#endif
