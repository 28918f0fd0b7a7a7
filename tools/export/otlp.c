#include "otlp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/model/version.h"

#define DELTA	   1 /* AGGREGATION_TEMPORALITY_DELTA */
#define STACK_SIZE 4096

static json_t *text_value(const char *text)
{
	return json_pack("{s:s}", "stringValue", text);
}

/* Integers of 64 bits are strings in OTLP's JSON. */
static json_t *number_text(uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, number);
	return json_string(text);
}

static void otlp_set_attribute(json_t *attributes, const char *name, json_t *value)
{
	size_t i;
	json_t *each;

	json_array_foreach (attributes, i, each)
		if (!strcmp(json_string_value(json_object_get(each, "key")), name)) {
			json_object_set_new(each, "value", value);
			return;
		}
	json_array_append_new(attributes, json_pack("{s:s, s:o}", "key", name, "value", value));
}

void otlp_set_text(json_t *attributes, const char *name, const char *value)
{
	if (value)
		otlp_set_attribute(attributes, name, text_value(value));
}

static void set_number(json_t *attributes, const char *name, uint64_t number)
{
	otlp_set_attribute(attributes, name, json_pack("{s:o}", "intValue", number_text(number)));
}

static const char *object_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static uint64_t object_number(const json_t *object, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(object, name));

	return value > 0 ? (uint64_t)value : 0;
}

/* One process, and what of it goes into each document. */
struct making {
	const json_t *process, *former;
	json_t *resource, *records, *points[3]; /* findings, blocked time, turns */
	json_t *findings, *executors;		/* what will have been sent */
	uint64_t start_ns, from_ns, now_ns;
};

static void stack_append(char stack[STACK_SIZE], size_t *length, const char *format,
			 const char *text)
{
	if (*length < STACK_SIZE - 1)
		*length += (size_t)snprintf(stack + *length, STACK_SIZE - *length, format, text);
	if (*length > STACK_SIZE - 1)
		*length = STACK_SIZE - 1;
}

/* "    at function (file:line)", a line for each frame; the first frame of the user's is *place. */
static void otlp_write_stack(char stack[STACK_SIZE], const json_t *frames, const json_t **place)
{
	size_t i, length = 0;
	json_t *frame;
	char line[24];

	*place = json_array_get(frames, 0);
	*stack = '\0';
	json_array_foreach (frames, i, frame) {
		const char *function = object_text(frame, "function"),
			   *file = object_text(frame, "file");

		if (json_is_true(json_object_get(frame, "user")) &&
		    !json_is_true(json_object_get(*place, "user")))
			*place = frame;
		snprintf(line, sizeof line, ":%" PRIu64, object_number(frame, "line"));
		stack_append(stack, &length, "    at %s", function ? function : "?");
		stack_append(stack, &length, file ? " (%s" : "%s", file ? file : "");
		stack_append(stack, &length, file ? "%s)" : "%s", file ? line : "");
		stack_append(stack, &length, "%s", "\n");
	}
}

static void set_place(json_t *attributes, const json_t *finding)
{
	const json_t *stacks = json_object_get(finding, "stacks");
	const json_t *frames = json_object_get(json_array_get(stacks, 0), "frames"), *place;
	char stack[STACK_SIZE];

	otlp_write_stack(stack, frames, &place);
	otlp_set_text(attributes, "code.function", object_text(place, "function"));
	otlp_set_text(attributes, "code.filepath", object_text(place, "file"));
	if (object_number(place, "line"))
		set_number(attributes, "code.lineno", object_number(place, "line"));
	if (*stack)
		otlp_set_text(attributes, "exception.stacktrace", stack);
}

static unsigned severity_number(const char *severity)
{
	return !strcmp(severity, "error") ? 17 : !strcmp(severity, "warning") ? 13 : 9;
}

static json_t *finding_attributes(const json_t *finding)
{
	const json_t *executor = json_object_get(finding, "executor");
	json_t *attributes = json_array();

	otlp_set_text(attributes, "yieldsan.kind", object_text(finding, "kind"));
	otlp_set_text(attributes, "yieldsan.severity", object_text(finding, "severity"));
	otlp_set_text(attributes, "yieldsan.executor.name", object_text(executor, "name"));
	otlp_set_text(attributes, "yieldsan.executor.family", object_text(executor, "family"));
	return attributes;
}

static json_t *log_record(const struct making *making, const json_t *finding, uint64_t count,
			  uint64_t total_ns)
{
	const char *severity = object_text(finding, "severity");
	json_t *attributes = finding_attributes(finding);

	otlp_set_text(attributes, "yieldsan.id", object_text(finding, "id"));
	otlp_set_text(attributes, "yieldsan.call", object_text(finding, "call"));
	otlp_set_text(attributes, "yieldsan.advice", object_text(finding, "advice"));
	otlp_set_text(attributes, "yieldsan.confidence", object_text(finding, "confidence"));
	otlp_set_text(attributes, "thread.name", object_text(finding, "thread"));
	set_number(attributes, "yieldsan.count", count);
	set_number(attributes, "yieldsan.total_ns", total_ns);
	set_number(attributes, "yieldsan.max_ns", object_number(finding, "max_ns"));
	set_place(attributes, finding);
	return json_pack("{s:o, s:o, s:i, s:s, s:s, s:o, s:o}", "timeUnixNano",
			 number_text(making->start_ns + object_number(finding, "last_ns")),
			 "observedTimeUnixNano", number_text(making->now_ns), "severityNumber",
			 severity_number(severity), "severityText", severity, "eventName",
			 "yieldsan.finding", "body", text_value(object_text(finding, "message")),
			 "attributes", attributes);
}

static void add_point(const struct making *making, json_t *points, json_t *attributes,
		      uint64_t number)
{
	json_array_append_new(points, json_pack("{s:o, s:o, s:o, s:o}", "attributes", attributes,
						"startTimeUnixNano", number_text(making->from_ns),
						"timeUnixNano", number_text(making->now_ns),
						"asInt", number_text(number)));
}

static void otlp_add_finding(struct making *making, const json_t *finding)
{
	const char *id = object_text(finding, "id");
	const json_t *former = json_object_get(json_object_get(making->former, "findings"), id);
	uint64_t count = object_number(finding, "count"),
		 total_ns = object_number(finding, "total_ns");
	uint64_t sent = (uint64_t)json_integer_value(json_array_get(former, 0));
	uint64_t sent_ns = (uint64_t)json_integer_value(json_array_get(former, 1));

	json_object_set_new(making->findings, id,
			    json_pack("[I, I]", (json_int_t)count, (json_int_t)total_ns));
	if (count <= sent)
		return;
	count -= sent;
	total_ns = total_ns > sent_ns ? total_ns - sent_ns : 0;
	json_array_append_new(making->records, log_record(making, finding, count, total_ns));
	add_point(making, making->points[0], finding_attributes(finding), count);
	add_point(making, making->points[1], finding_attributes(finding), total_ns);
}

static unsigned octave_of(uint64_t bound)
{
	return bound ? 63 - (unsigned)__builtin_clzll(bound) : 0;
}

/* Turn lengths are counted by their octave, which is a bucket of scale 0. */
static void otlp_add_executor(struct making *making, const json_t *executor)
{
	const char *name = object_text(executor, "name");
	const json_t *former = json_object_get(json_object_get(making->former, "executors"), name);
	json_t *sent = json_object(), *buckets = json_array(), *attributes = json_array(), *pair;
	uint64_t counts[64] = { 0 }, all = 0;
	unsigned first = 64, last = 0;
	size_t i;

	json_array_foreach (json_object_get(executor, "turn_histogram"), i, pair) {
		uint64_t bound = (uint64_t)json_integer_value(json_array_get(pair, 0));
		uint64_t count = (uint64_t)json_integer_value(json_array_get(pair, 1)), before;
		unsigned octave = octave_of(bound);
		char key[24];

		snprintf(key, sizeof key, "%" PRIu64, bound);
		json_object_set_new(sent, key, json_integer((json_int_t)count));
		before = object_number(former, key);
		counts[octave] = count > before ? count - before : 0;
		all += counts[octave];
		first = octave < first && counts[octave] ? octave : first;
		last = octave > last && counts[octave] ? octave : last;
	}
	json_object_set_new(making->executors, name, sent);
	for (unsigned octave = first; all && octave <= last; octave++)
		json_array_append_new(buckets, number_text(counts[octave]));
	otlp_set_text(attributes, "yieldsan.executor.name", name);
	otlp_set_text(attributes, "yieldsan.executor.family", object_text(executor, "family"));
	if (!all) {
		json_decref(buckets);
		json_decref(attributes);
		return;
	}
	json_array_append_new(making->points[2],
			      json_pack("{s:o, s:o, s:o, s:o, s:i, s:s, s:{s:i, s:o}}",
					"attributes", attributes, "startTimeUnixNano",
					number_text(making->from_ns), "timeUnixNano",
					number_text(making->now_ns), "count", number_text(all),
					"scale", 0, "zeroCount", "0", "positive", "offset",
					(int)first, "bucketCounts", buckets));
}

static json_t *resource_of(const json_t *process, const json_t *common)
{
	const char *executable = object_text(process, "executable"), *name;
	json_t *attributes = json_array(), *arguments = json_array(), *argument, *each;
	size_t i;

	name = executable ? strrchr(executable, '/') : NULL;
	name = name ? name + 1 : executable;
	otlp_set_text(attributes, "service.name", name && *name ? name : "unknown_service");
	set_number(attributes, "process.pid", object_number(process, "pid"));
	otlp_set_text(attributes, "process.executable.path", executable);
	json_array_foreach (json_object_get(process, "argv"), i, argument)
		json_array_append_new(arguments, text_value(json_string_value(argument)));
	otlp_set_attribute(attributes, "process.command_args",
			   json_pack("{s:{s:o}}", "arrayValue", "values", arguments));
	json_array_foreach (common, i, each)
		otlp_set_attribute(attributes, object_text(each, "key"),
				   json_deep_copy(json_object_get(each, "value")));
	return json_pack("{s:o}", "attributes", attributes);
}

static json_t *otlp_scope(void)
{
	return json_pack("{s:s, s:s}", "name", "yieldsan", "version", YIELDSAN_VERSION);
}

static json_t *otlp_sum(const char *name, const char *unit, json_t *points)
{
	return json_pack("{s:s, s:s, s:{s:i, s:b, s:O}}", "name", name, "unit", unit, "sum",
			 "aggregationTemporality", DELTA, "isMonotonic", 1, "dataPoints", points);
}

static json_t *metrics_document(const struct making *making)
{
	json_t *metrics = json_array();

	if (json_array_size(making->points[0])) {
		json_array_append_new(metrics,
				      otlp_sum("yieldsan.findings", "1", making->points[0]));
		json_array_append_new(metrics,
				      otlp_sum("yieldsan.blocked_time", "ns", making->points[1]));
	}
	if (json_array_size(making->points[2]))
		json_array_append_new(metrics,
				      json_pack("{s:s, s:s, s:{s:i, s:O}}", "name",
						"yieldsan.turn.duration", "unit", "ns",
						"exponentialHistogram", "aggregationTemporality",
						DELTA, "dataPoints", making->points[2]));
	if (!json_array_size(metrics)) {
		json_decref(metrics);
		return NULL;
	}
	return json_pack("{s:[{s:O, s:[{s:o, s:o}]}]}", "resourceMetrics", "resource",
			 making->resource, "scopeMetrics", "scope", otlp_scope(), "metrics",
			 metrics);
}

static json_t *logs_document(const struct making *making)
{
	if (!json_array_size(making->records))
		return NULL;
	return json_pack("{s:[{s:O, s:[{s:o, s:O}]}]}", "resourceLogs", "resource",
			 making->resource, "scopeLogs", "scope", otlp_scope(), "logRecords",
			 making->records);
}

static bool process_has_ended(const json_t *process)
{
	const char *state = object_text(json_object_get(process, "end"), "state");

	return state && strcmp(state, "running") != 0;
}

struct otlp otlp_make(const json_t *report, const json_t *resource, const json_t *sent,
		      uint64_t now_ns)
{
	const json_t *process = json_array_get(json_object_get(report, "processes"), 0);
	struct making making = {
		.process = process,
		.former = sent,
		.resource = resource_of(process, resource),
		.records = json_array(),
		.points = { json_array(), json_array(), json_array() },
		.findings = json_object(),
		.executors = json_object(),
		.start_ns = object_number(process, "start_unix_ns"),
		.now_ns = now_ns,
	};
	struct otlp otlp;
	json_t *each;
	size_t i;

	making.from_ns = sent ? object_number(sent, "until") : making.start_ns;
	json_array_foreach (json_object_get(report, "findings"), i, each)
		otlp_add_finding(&making, each);
	json_array_foreach (json_object_get(process, "executors"), i, each)
		otlp_add_executor(&making, each);
	otlp = (struct otlp){
		.logs = logs_document(&making),
		.metrics = metrics_document(&making),
		.records = json_array_size(making.records),
		.sent = json_pack("{s:o, s:o, s:I, s:b}", "findings", making.findings, "executors",
				  making.executors, "until", (json_int_t)now_ns, "ended",
				  process_has_ended(process)),
	};
	json_decref(making.resource);
	json_decref(making.records);
	for (i = 0; i < 3; i++)
		json_decref(making.points[i]);
	return otlp;
}

void otlp_free(struct otlp *otlp)
{
	json_decref(otlp->logs);
	json_decref(otlp->metrics);
	json_decref(otlp->sent);
}
