/* The phase of its process in which a finding happened. */
#ifndef REPORT_PHASES_H
#define REPORT_PHASES_H

#include "inspect/trace_file.h"
#include "report/model/finding.h"

struct process;

/* Sets the phase of a site's observation and lowers its severity accordingly. */
void phase_take(const struct process *process, const struct trace_file *trace,
		const struct trace_site *site, bool script_cut, struct finding *seen);

/* Whether `ci' or a known test runner started it, or it is one. */
bool phase_runs_tests(const struct process *process);

/* Whether it is a test runner written in JavaScript, or a worker of one. */
bool phase_is_node_runner(const struct process *process);

#endif
