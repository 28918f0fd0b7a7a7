#include "json_report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "json_parts.h"
#include "report/model/model.h"
#include "report/filters/suppressions.h"
#include "report/model/version.h"
#include "report/model/words.h"

static json_t *end_json(const struct process *process)
{
	json_t *end = json_object();

	switch (process->end) {
	case PROCESS_ENDED:
	case PROCESS_SIGNALED:
		json_set_text(end, "state", process->end == PROCESS_ENDED ? "exited" : "signaled");
		json_object_set_new(end, "code", json_integer(process->end_code));
		break;
	case PROCESS_RUNNING:
		json_set_text(end, "state", "running");
		break;
	case PROCESS_REPLACED:
	case PROCESS_LOST:
		json_set_text(end, "state", "unknown");
		break;
	}
	return end;
}

/* Pairs: a lower bound in ns, a power of two, and the number of turns from it up to
 * twice as long. */
static json_t *octaves_json(const uint64_t octaves[TURN_OCTAVES])
{
	json_t *array = json_array();

	for (unsigned i = 0; i < TURN_OCTAVES; i++)
		if (octaves[i])
			json_array_append_new(array,
					      json_pack("[oo]", json_of_number(UINT64_C(1) << i),
							json_of_number(octaves[i])));
	return array;
}

static void add_lengths(json_t *executor, const struct turn_lengths *lengths)
{
	json_t *types;

	if (!lengths->turns)
		return;
	json_object_set_new(executor, "turn_ns",
			    json_pack("{so so so}", "p50", json_of_number(lengths->p50_ns), "p99",
				      json_of_number(lengths->p99_ns), "max",
				      json_of_number(lengths->max_ns)));
	json_object_set_new(executor, "turn_histogram", octaves_json(lengths->octaves));
	if (lengths->busy_share >= 0)
		json_object_set_new(executor, "busy_share", json_real(lengths->busy_share));
	if (!lengths->type_count)
		return;
	types = json_array();
	for (size_t i = 0; i < lengths->type_count; i++) {
		const struct task_type *type = &lengths->types[i];

		json_array_append_new(types, json_pack("{ss so so so}", "type", type->name, "turns",
						       json_of_number(type->turns), "total_ns",
						       json_of_number(type->total_ns), "max_ns",
						       json_of_number(type->max_ns)));
	}
	json_object_set_new(executor, "task_types", types);
}

static json_t *process_json(const struct process *process)
{
	json_t *object = json_object(), *arguments = json_array(), *executors = json_array();
	json_t *lost = json_object(), *unwatched = json_array();

	json_object_set_new(object, "pid", json_integer(process->pid));
	json_set_text(object, "executable", process->executable);
	json_object_set_new(object, "start_unix_ns", json_of_number(process->start_unix_ns));
	for (size_t i = 0; i < process->argument_count; i++)
		json_array_append_new(arguments, json_string(process->arguments[i]));
	json_object_set_new(object, "argv", arguments);
	json_object_set_new(object, "end", end_json(process));
	if (process->flags & (TRACE_NO_UNWINDER | TRACE_UNWINDER_OF_SYSTEM))
		json_set_text(object, "unwinder",
			      process->flags & TRACE_NO_UNWINDER ? "none" : "system");
	for (size_t i = 0; i < process->executor_count; i++) {
		const struct process_executor *executor = &process->executors[i];
		json_t *item = json_of_executor(executor->family, executor->name);

		json_object_set_new(item, "threads", json_of_number(executor->threads));
		json_object_set_new(item, "turns", json_of_number(executor->turns));
		add_lengths(item, &executor->lengths);
		json_array_append_new(executors, item);
	}
	json_object_set_new(object, "executors", executors);
	json_object_set_new(lost, "events", json_of_number(process->lost_events));
	json_object_set_new(lost, "sites", json_of_number(process->lost_sites));
	json_object_set_new(object, "lost", lost);
	if (process->tasks.count)
		json_object_set_new(object, "tasks", json_of_tasks(&process->tasks));
	json_set_text(object, "tasks_problem", process->tasks.problem);
	for (size_t i = 0; i < process->unwatched_count; i++)
		json_array_append_new(unwatched, json_string(process->unwatched[i]));
	if (process->unwatched_count)
		json_object_set(object, "unwatched", unwatched);
	json_decref(unwatched);
	return object;
}

static json_t *summary_json(const struct report_summary *summary)
{
	json_t *object = json_object();

	for (unsigned severity = SEVERITIES - 1; severity > SEVERITY_NONE; severity--)
		json_object_set_new(object, severity_word(severity),
				    json_of_number(summary->findings[severity]));
	json_object_set_new(object, "suppressed", json_of_number(summary->suppressed));
	json_object_set_new(object, "baseline", json_of_number(summary->baseline));
	return object;
}

static json_t *suppressions_json(const struct suppressions *suppressions)
{
	json_t *array = json_array();

	for (size_t i = 0; suppressions && i < suppressions->count; i++) {
		const struct suppression *rule = &suppressions->rules[i];
		json_t *object = json_object();

		json_set_text(object, "file", rule->path);
		json_object_set_new(object, "line", json_integer(rule->line));
		json_set_text(object, "rule", rule->text);
		json_set_text(object, "reason", rule->reason);
		json_object_set_new(object, "findings", json_of_number(rule->findings));
		json_object_set_new(object, "count", json_of_number(rule->events));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *allowances_json(const struct report *report)
{
	struct allowance *allowances;
	size_t count = allowances_of_all(report->session, report->processes, &allowances);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array,
				      json_pack("{ssso}", "reason", allowances[i].reason, "count",
						json_of_number(allowances[i].events)));
	return array;
}

json_t *json_report(const struct report *report)
{
	json_t *root = json_object(), *tool = json_object();
	json_t *processes = json_array(), *findings = json_array();

	json_set_text(root, "schema", "yieldsan-report/1");
	json_set_text(tool, "name", "yieldsan");
	json_set_text(tool, "version", YIELDSAN_VERSION);
	json_object_set_new(root, "tool", tool);
	for (const struct process *process = report->processes; process; process = process->next)
		json_array_append_new(processes, process_json(process));
	json_object_set_new(root, "processes", processes);
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i]->severity >= report->options->show)
			json_array_append_new(findings,
					      json_of_finding(report, report->findings[i]));
	json_object_set_new(root, "findings", findings);
	json_object_set_new(root, "suppressions", suppressions_json(report->options->suppressions));
	json_object_set_new(root, "allowed", allowances_json(report));
	json_object_set_new(root, "summary", summary_json(&report->summary));
	return root;
}
