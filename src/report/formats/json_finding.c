/* A finding as JSON. */
#include <jansson.h>
#include <stdlib.h>

#include "json_parts.h"
#include "json_report.h"
#include "report/model/model.h"
#include "report/model/words.h"
#include "report/wording/why.h"

#define MAX_SHARES 100 /* processes whose counts a finding lists */
#define MAX_TESTS  100 /* tests that a finding lists */

static json_t *stack_json(const struct finding_stack *of, const struct stack *stack)
{
	json_t *object = json_object();

	json_set_text(object, "role", role_word(of->role));
	if (of->weight)
		json_object_set_new(object, "weight", json_of_number(of->weight));
	if (of->tid)
		json_object_set_new(object, "tid", json_integer(of->tid));
	if (of->since_ns)
		json_object_set_new(object, "since_ns", json_of_number(of->since_ns));
	json_set_text(object, "thread", of->thread);
	json_set_text(object, "lock", of->lock);
	json_object_set_new(object, "frames", json_of_stack(stack));
	if (stack->incomplete)
		json_object_set_new(object, "incomplete", json_true());
	return object;
}

/* How many of a finding's samples are printed, and how many of these with both stacks. */
struct sample_limits {
	size_t stacks, both;
};

static bool has_both_faces(const struct finding_stack *stack)
{
	return stack->script.count && stack->native.count;
}

/*
 * At most --samples stacks. Distinct script samples come first; the heaviest native stacks fill the
 * rest. The first sample always has both.
 */
static struct sample_limits limits_of_samples(const struct report *report,
					      const struct finding *finding)
{
	const struct sample_limits all = { finding->stack_count, finding->stack_count };
	size_t most = report->options->samples, stacks;

	if (!finding->stack_count || finding->stacks[0].role != ROLE_SAMPLE ||
	    most / 2 >= finding->stack_count)
		return all;
	stacks = has_both_faces(&finding->stacks[0]) && most > 1 ? most - 1 : most;
	if (stacks > finding->stack_count)
		stacks = finding->stack_count;
	return (struct sample_limits){ stacks, most - stacks };
}

static json_t *stacks_json(const struct finding *finding, const struct sample_limits *limits)
{
	json_t *stacks = json_array();
	size_t both = 0;

	for (size_t i = 0; i < limits->stacks; i++) {
		const struct finding_stack *stack = &finding->stacks[i];

		if (stack->script.count)
			json_array_append_new(stacks, stack_json(stack, &stack->script));
		if (!stack->script.count || (stack->native.count && both++ < limits->both))
			json_array_append_new(stacks, stack_json(stack, &stack->native));
	}
	return stacks;
}

/* Distinct samples that are not printed; NULL when all are. */
static json_t *more_samples_json(const struct finding *finding, const struct sample_limits *limits)
{
	size_t stacks = finding->left_out_stacks + finding->stack_count - limits->stacks;
	uint64_t weight = finding->left_out_weight;

	if (!stacks)
		return NULL;
	for (size_t i = limits->stacks; i < finding->stack_count; i++)
		weight += finding->stacks[i].weight;
	return json_pack("{so so}", "stacks", json_of_number(stacks), "weight",
			 json_of_number(weight));
}

static void add_stacks(json_t *object, const struct report *report, const struct finding *finding)
{
	const struct sample_limits limits = limits_of_samples(report, finding);
	json_t *more = more_samples_json(finding, &limits);

	json_object_set_new(object, "stacks", stacks_json(finding, &limits));
	if (more)
		json_object_set_new(object, "more_samples", more);
}

static json_t *histogram_json(const struct finding *finding)
{
	json_t *histogram = json_array();

	for (unsigned i = 0; i < TRACE_HISTOGRAM_BUCKETS; i++) {
		uint64_t bound = (uint64_t)1 << i;

		/* The last bucket is open-ended. */
		if (i == TRACE_HISTOGRAM_BUCKETS - 1 && finding->max_ns > bound)
			bound = finding->max_ns;
		if (finding->histogram[i])
			json_array_append_new(histogram,
					      json_pack("[oo]", json_of_number(bound),
							json_of_number(finding->histogram[i])));
	}
	return histogram;
}

static json_t *harm_json(const struct finding *finding)
{
	json_t *harm = json_object();

	if (finding->harm_turns && finding->root) {
		json_object_set_new(harm, "waiting_tasks", json_of_number(finding->harm_events));
	} else if (finding->harm_turns) {
		json_object_set_new(harm, "ready_events", json_of_number(finding->harm_events));
		json_object_set_new(harm, "turns", json_of_number(finding->harm_turns));
	}
	if (finding->yields) {
		json_object_set_new(harm, "yields", json_of_number(finding->yields));
		json_object_set_new(harm, "waiters", json_of_number(finding->waiters));
	}
	if (finding->long_turns)
		json_object_set_new(harm, "long_turns", json_of_number(finding->long_turns));
	return harm;
}

static int compare_pids(const void *one, const void *other)
{
	const int64_t *a = one, *b = other;

	return *a < *b ? -1 : *a > *b;
}

/* Each once: processes of several runs may have the same number. */
static json_t *pids_json(const struct finding *finding)
{
	int64_t *pids = memory_get((finding->share_count + 1) * sizeof *pids);
	json_t *array = json_array();

	for (size_t i = 0; i < finding->share_count; i++)
		pids[i] = finding->shares[i].process->pid;
	qsort(pids, finding->share_count, sizeof *pids, compare_pids);
	for (size_t i = 0; i < finding->share_count; i++)
		if (!i || pids[i] != pids[i - 1])
			json_array_append_new(array, json_integer(pids[i]));
	free(pids);
	return array;
}

/* The largest only: a thousand processes with a thousand findings each would make a million. */
static json_t *shares_json(const struct finding *finding)
{
	json_t *array = json_array();

	for (size_t i = 0; i < finding->share_count && i < MAX_SHARES; i++) {
		const struct finding_share *share = &finding->shares[i];
		json_t *object = json_object();

		json_object_set_new(object, "pid", json_integer(share->process->pid));
		json_object_set_new(object, "count", json_of_number(share->count));
		json_object_set_new(object, "total_ns", json_of_number(share->total_ns));
		json_object_set_new(object, "max_ns", json_of_number(share->max_ns));
		json_array_append_new(array, object);
	}
	return array;
}

static json_t *task_json(const struct finding *finding)
{
	json_t *object = json_object();

	json_set_text(object, "type", finding->task);
	if (finding->awaits.count)
		json_object_set_new(object, "awaits", json_of_stack(&finding->awaits));
	return object;
}

static json_t *alive_json(const struct alive *alive)
{
	json_t *array = json_array();

	for (size_t i = 0; i < alive->count; i++)
		json_array_append_new(array,
				      json_pack("{ss ss}", "variable", alive->variables[i].name,
						"type", alive->variables[i].type));
	return array;
}

/* The words of its reasons, in the order of the rules. */
static json_t *why_json(reason_set reasons)
{
	json_t *array = json_array();

	for (enum reason reason = 0; reason < REASONS; reason++)
		if (reason_is_in(reasons, reason))
			json_array_append_new(array, json_string(reason_word(reason)));
	return array;
}

/* The parts of one library call: see collecting/parts.h. */
static json_t *parts_json(const struct finding *finding)
{
	json_t *array = json_array();

	for (const struct finding *part = finding->also; part; part = part->next_part) {
		json_t *object;

		if (!finding_is_same_call(finding, part))
			continue;
		object = json_object();
		json_set_text(object, "id", part->id);
		json_set_text(object, "severity", severity_word(part->severity));
		json_set_text(object, "call", part->call);
		json_set_text(object, "category", part->category);
		json_object_set_new(object, "count", json_of_number(part->count));
		json_object_set_new(object, "total_ns", json_of_number(part->total_ns));
		json_object_set_new(object, "max_ns", json_of_number(part->max_ns));
		json_array_append_new(array, object);
	}
	return array;
}

/* Further ids under which baselines may know it. */
static json_t *also_json(const struct finding *finding)
{
	json_t *array = json_array();

	if (*finding->former_id)
		json_array_append_new(array, json_string(finding->former_id));
	for (const struct finding *part = finding->also; part; part = part->next_part) {
		json_array_append_new(array, json_string(part->id));
		if (*part->former_id)
			json_array_append_new(array, json_string(part->former_id));
	}
	return array;
}

static json_t *path_ids_json(const struct finding *finding)
{
	json_t *array = json_array();

	for (size_t i = 0; i < finding->path_id_count; i++)
		json_array_append_new(array, json_string(finding->path_ids[i]));
	return array;
}

static json_t *tests_json(const struct finding *finding)
{
	json_t *array = json_array();

	for (size_t i = 0; i < finding->test_count && i < MAX_TESTS; i++)
		json_array_append_new(array, json_string(finding->tests[i]));
	return array;
}

/* Findings that have the same cause: see collecting/causes.h. */
static json_t *same_cause_json(const struct report *report, const struct finding *finding)
{
	json_t *array = json_array();

	for (const struct finding *part = finding->also; part; part = part->next_part)
		if (!finding_is_same_call(finding, part))
			json_array_append_new(array, json_of_finding(report, part));
	return array;
}

/* Leaves an empty array out. */
static void add_array(json_t *object, const char *name, json_t *array)
{
	if (json_array_size(array))
		json_object_set(object, name, array);
	json_decref(array);
}

static json_t *waited_for_json(const struct waited_for *waited)
{
	static const char *const kinds[] = {
		"", "file", "pipe", "socket", "listener", "socket-pair", "host", "lock", "child",
	};
	const struct stack *taken = finding_stack_face(&waited->taken);
	json_t *object = json_object();

	json_set_text(object, "kind", kinds[waited->kind]);
	json_set_text(object, "name", waited->text);
	if (waited->fd >= 0 && waited->kind != WAITED_FOR_LOCK)
		json_object_set_new(object, "descriptor", json_integer(waited->fd));
	if (waited->pid) {
		json_object_set_new(object, "pid", json_integer(waited->pid));
		json_set_text(object, "process", waited->name);
	}
	if (waited->tid) {
		json_object_set_new(object, "tid", json_integer(waited->tid));
		json_set_text(object, "thread", waited->name);
	}
	if (taken->count)
		json_object_set_new(object, "taken", json_of_stack(taken));
	if (waited->others)
		json_object_set_new(object, "others", json_true());
	return object;
}

json_t *json_of_finding(const struct report *report, const struct finding *finding)
{
	json_t *object = json_object();

	json_set_text(object, "id", finding->id);
	if (*finding->former_id || finding->also)
		json_object_set_new(object, "also", also_json(finding));
	json_set_text(object, "kind", kind_of(finding->kind)->word);
	json_set_text(object, "severity", severity_word(finding->severity));
	json_set_text(object, "confidence", confidence_word(finding->confidence));
	if (finding->phase)
		json_set_text(object, "phase", phase_word(finding->phase));
	if (finding->reasons)
		json_object_set_new(object, "why", why_json(finding->reasons));
	json_object_set_new(object, "executor",
			    json_of_executor(finding->family, finding->executor));
	json_set_text(object, "message", finding->message);
	json_set_text(object, "advice", finding->advice);
	json_set_text(object, "call", finding->call);
	json_set_text(object, "category", finding->category);
	if (finding->test_count)
		json_set_text(object, "test", finding->tests[0]);
	if (finding->test_count > 1)
		json_object_set_new(object, "tests", tests_json(finding));
	if (finding->waited.kind)
		json_object_set_new(object, "waited_for", waited_for_json(&finding->waited));
	json_set_text(object, "thread", finding->thread);
	json_object_set_new(object, "count", json_of_number(finding->count));
	json_object_set_new(object, "total_ns", json_of_number(finding->total_ns));
	json_object_set_new(object, "max_ns", json_of_number(finding->max_ns));
	json_object_set_new(object, "off_cpu_ns", json_of_number(finding->off_cpu_ns));
	if (finding->harm_turns || finding->yields || finding->long_turns)
		json_object_set_new(object, "harm", harm_json(finding));
	if (finding->variable)
		json_object_set_new(
			object, "held",
			json_pack("{ss ss}", "variable", finding->variable, "type", finding->what));
	if (finding->task || finding->awaits.count)
		json_object_set_new(object, "task", task_json(finding));
	if (finding->alive.count)
		json_object_set_new(object, "alive", alive_json(&finding->alive));
	add_stacks(object, report, finding);
	json_object_set_new(object, "pids", pids_json(finding));
	json_object_set_new(object, "processes", shares_json(finding));
	json_object_set_new(object, "first_ns", json_of_number(finding->first_ns));
	json_object_set_new(object, "last_ns", json_of_number(finding->last_ns));
	json_object_set_new(object, "histogram", histogram_json(finding));
	add_array(object, "path_ids", path_ids_json(finding));
	add_array(object, "parts", parts_json(finding));
	add_array(object, "same_cause", same_cause_json(report, finding));
	if (finding->cause)
		json_set_text(object, "cause", finding->cause->id);
	if (finding->stall)
		json_set_text(object, "stall", stall_word(finding->stall));
	if (finding->in_progress)
		json_object_set_new(object, "in_progress", json_true());
	return object;
}
