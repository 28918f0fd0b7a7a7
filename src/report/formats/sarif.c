/*
 * --format=sarif: for code scanning. SARIF 2.1.0 (OASIS), plus what GitHub requires: a physical
 * location and a whole region for every result, and the fingerprint by which GitHub matches it
 * (docs.github.com, "SARIF support for code scanning").
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "report/tasks/await_chain.h"
#include "format.h"
#include "report/wording/headline.h"
#include "report/model/kind.h"
#include "report/model/model.h"
#include "report/wording/rule.h"
#include "report/wording/test_words.h"
#include "report/frames/source_path.h"
#include "report/model/version.h"
#include "report/model/words.h"

#define SCHEMA	       "https://json.schemastore.org/sarif-2.1.0.json"
#define ROOT	       "%SRCROOT%" /* base of relative paths */

#define MAX_FLOW_STEPS 1000 /* of the flows of one result: GitHub shows no more */

/* A path as in RFC 3986: all characters but the unreserved ones as %XX. A colon could be read as
 * the end of a scheme. */
static json_t *sarif_uri(const char *scheme, const char *path, const char *tail)
{
	char *text, *to;
	json_t *string;

	text = to = memory_get(strlen(scheme) + 3 * strlen(path) + strlen(tail) + 1);
	to = stpcpy(to, scheme);
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (isascii(c) && (isalnum(c) || strchr("/-._~!$&'()*+,;=@", c)))
			*to++ = *path;
		else
			to += sprintf(to, "%%%02X", c);
	}
	strcpy(to, tail);
	string = json_string(text);
	free(text);
	return string;
}

static json_t *sarif_artifact(const struct report *report, const char *path)
{
	const char *shown = source_path_in_repository(report->session, path);

	if (*shown == '/')
		return json_pack("{s:o}", "uri", sarif_uri("file://", shown, ""));
	return json_pack("{s:o, s:s}", "uri", sarif_uri("", shown, ""), "uriBaseId", ROOT);
}

/* The compilers' columns are unknown: mark the line from its first column. */
static json_t *physical_location(const struct report *report, const char *path, int line)
{
	line = line > 0 ? line : 1;
	return json_pack("{s:o, s:{s:i, s:i, s:i, s:i}}", "artifactLocation",
			 sarif_artifact(report, path), "region", "startLine", line, "startColumn",
			 1, "endLine", line, "endColumn", 2);
}

static json_t *frame_location(const struct report *report, const struct frame *frame,
			      const char *message)
{
	json_t *location = json_object();

	json_object_set_new(location, "physicalLocation",
			    physical_location(report, frame->file, frame->line));
	if (frame->function)
		json_object_set_new(location, "logicalLocations",
				    json_pack("[{s:s, s:s}]", "fullyQualifiedName", frame->function,
					      "kind", "function"));
	if (message)
		json_object_set_new(location, "message", json_pack("{s:s}", "text", message));
	return location;
}

/* If the source is unknown, report at the program's file: readers reject a result without a
 * location. */
static json_t *program_location(const struct report *report, const struct finding *finding)
{
	const char *path = finding->share_count ? finding->shares[0].process->executable : NULL;

	return json_pack("{s:o}", "physicalLocation",
			 physical_location(report, path && *path ? path : "unknown", 1));
}

static json_t *sarif_locations(const struct report *report, const struct finding *finding)
{
	const struct frame *frame = stack_users_frame(finding_stack(finding));

	return json_pack("[o]", frame ? frame_location(report, frame, NULL)
				      : program_location(report, finding));
}

/* "acquired here: mutex 0x..., thread worker-1", "sample here, 12 times" */
static const char *role_message(const struct report *report, const struct finding_stack *stack)
{
	char times[32] = "";

	if (stack->weight)
		snprintf(times, sizeof times, ", %" PRIu64 " times", stack->weight);
	return strings_print(&report->session->strings, "%s here%s%s%s%s%s", role_word(stack->role),
			     times, stack->lock ? ": " : "", stack->lock ? stack->lock : "",
			     stack->thread && *stack->thread ? ", thread " : "",
			     stack->thread && *stack->thread ? stack->thread : "");
}

/* The user's frames, outermost first: the path of execution. NULL if none has a file. */
static json_t *steps_of(const struct report *report, const struct finding_stack *of)
{
	const struct stack *stack = finding_stack_face(of);
	const struct frame *innermost = stack_users_frame(stack);
	json_t *steps = innermost ? json_array() : NULL;

	for (size_t i = stack->count; innermost && i-- > 0;) {
		const struct frame *frame = &stack->frames[i];
		const char *message =
			frame == innermost ? role_message(report, of) : frame->function;

		if (frame_is_users(frame))
			json_array_append_new(steps,
					      json_pack("{s:o}", "location",
							frame_location(report, frame, message)));
	}
	return steps;
}

/* One flow per stack; a stall can have any number of samples, of which the heaviest come first. */
static json_t *code_flows(const struct report *report, const struct finding *finding)
{
	json_t *flows = json_array();
	size_t count = 0;

	for (size_t i = 0; i < finding->stack_count && count < MAX_FLOW_STEPS; i++) {
		const char *role = role_word(finding->stacks[i].role);
		json_t *steps = steps_of(report, &finding->stacks[i]);

		count += json_array_size(steps);
		if (steps)
			json_array_append_new(flows,
					      json_pack("{s:s, s:o}", "id",
							strings_print(&report->session->strings,
								      "%s %zu", role, i + 1),
							"locations", steps));
	}
	if (count)
		return json_pack("[{s:o}]", "threadFlows", flows);
	json_decref(flows);
	return NULL;
}

static const char *sarif_level(enum severity severity)
{
	return severity == SEVERITY_NOTICE ? "note" : severity_word(severity);
}

static json_t *sarif_fingerprints(const struct finding *finding)
{
	/* GitHub uses the first one. */
	return json_pack("{s:s, s:s}", "primaryLocationLineHash", finding->id, "yieldsanFinding/v1",
			 finding->id);
}

static json_int_t sarif_occurrences(const struct finding *finding)
{
	return finding->count > INT32_MAX ? INT32_MAX
	       : finding->count		  ? (json_int_t)finding->count
					  : 1;
}

static json_t *sarif_result(const struct report *report, const struct finding *finding)
{
	char *text, *id = rule_id(rule_at(rule_of(finding)));
	json_t *object, *flows;

	const char *chain = await_chain_text(report->session, finding->task, &finding->awaits);
	const char *tests = test_words(report->session, finding);

	if (asprintf(&text, "%s%s%s%s%s\nAdvice: %s", finding->message, tests ? "\n" : "",
		     tests ? tests : "", chain ? "\n" : "", chain ? chain : "",
		     finding->advice) < 0)
		memory_exhausted();
	object = json_pack("{s:s, s:i, s:s, s:{s:s}, s:o, s:o, s:I}", "ruleId", id, "ruleIndex",
			   (int)rule_of(finding), "level", sarif_level(finding->severity),
			   "message", "text", text, "locations", sarif_locations(report, finding),
			   "partialFingerprints", sarif_fingerprints(finding), "occurrenceCount",
			   sarif_occurrences(finding));
	free(text);
	free(id);
	flows = finding->stack_count > 1 ? code_flows(report, finding) : NULL;
	if (flows)
		json_object_set_new(object, "codeFlows", flows);
	json_object_set_new(object, "properties",
			    json_pack("{s:s, s:s, s:s*}", "executor", finding->executor,
				      "confidence", confidence_word(finding->confidence), "test",
				      finding->test_count ? finding->tests[0] : NULL));
	return object;
}

static json_t *sarif_descriptor(const struct rule *rule)
{
	char *id = rule_id(rule), *name = rule_name(rule);
	char *text = rule_help(rule, false), *markdown = rule_help(rule, true);
	json_t *object, *tags = json_pack("[s, s]", "concurrency", kind_of(rule->kind)->word);

	if (rule->category)
		json_array_append_new(tags, json_string(rule->category));
	object = json_pack("{s:s, s:s, s:{s:s}, s:{s:s}, s:{s:s, s:s}, s:{s:s}, s:{s:o, s:s, s:s}}",
			   "id", id, "name", name, "shortDescription", "text", rule->title,
			   "fullDescription", "text", kind_of(rule->kind)->title, "help", "text",
			   text, "markdown", markdown, "defaultConfiguration", "level", "error",
			   "properties", "tags", tags, "precision", "high", "problem.severity",
			   "error");
	free(id);
	free(name);
	free(text);
	free(markdown);
	return object;
}

static json_t *sarif_tool(void)
{
	json_t *rules = json_array();
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_at(i)); i++)
		json_array_append_new(rules, sarif_descriptor(rule));
	return json_pack("{s:{s:s, s:s, s:s, s:o}}", "driver", "name", "yieldsan",
			 "semanticVersion", YIELDSAN_VERSION, "version", YIELDSAN_VERSION, "rules",
			 rules);
}

static void sarif_notify(json_t *notifications, const char *level, const char *text)
{
	json_array_append_new(notifications,
			      json_pack("{s:s, s:{s:s}}", "level", level, "message", "text", text));
}

/* What was not seen: a reader must not mistake missing data for a good result. */
static json_t *sarif_invocation(const struct report *report)
{
	const struct report_summary *summary = &report->summary;
	json_t *notifications = json_array();

	if (!summary->executors)
		sarif_notify(notifications, "error",
			     "No executor ran a turn: nothing was watched.");
	for (const struct process *process = report->processes; process; process = process->next)
		if (process->damage)
			sarif_notify(notifications, "warning", process->damage);
	for (const struct missing_module *missing = report->session->missing; missing;
	     missing = missing->next)
		sarif_notify(notifications, "note",
			     strings_print(&report->session->strings,
					   "Frames of %s have no %s: it %s.", missing->path,
					   missing->lacks, missing->problem));
	return json_pack("{s:b, s:o}", "executionSuccessful",
			 summary->executors && !summary->unreadable, "toolExecutionNotifications",
			 notifications);
}

int format_sarif(const struct report *report, FILE *out)
{
	const char *top = source_path_top(report->session);
	json_t *log, *results = json_array();
	int failed;

	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i]->severity >= report->options->show)
			json_array_append_new(results, sarif_result(report, report->findings[i]));
	log = json_pack("{s:s, s:s, s:[{s:o, s:[o], s:{s:{s:o}}, s:s, s:o}]}", "$schema", SCHEMA,
			"version", "2.1.0", "runs", "tool", sarif_tool(), "invocations",
			sarif_invocation(report), "originalUriBaseIds", ROOT, "uri",
			sarif_uri("file://", top, strcmp(top, "/") ? "/" : ""), "columnKind",
			"unicodeCodePoints", "results", results);
	failed = json_dumpf(log, out, JSON_INDENT(2)) || fputc('\n', out) == EOF;
	json_decref(log);
	return failed ? -(errno ? errno : EIO) : 0;
}
