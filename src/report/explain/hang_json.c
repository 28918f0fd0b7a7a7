#include "hang_formats.h"

#include <errno.h>
#include <jansson.h>

#include "hang.h"
#include "report/formats/json_parts.h"
#include "report/formats/json_report.h"
#include "report/model/process.h"
#include "report/model/version.h"
#include "report/model/words.h"

static const char *doing_word(enum thread_doing doing)
{
	static const char *const words[] = {
		[DOING_NOTHING] = "idle", [DOING_CALL] = "call",	 [DOING_WAIT] = "waiting",
		[DOING_COMPUTE] = "busy", [DOING_BLOCK_ON] = "block_on",
	};

	return words[doing];
}

static const char *ender_word(enum ender_kind kind)
{
	static const char *const words[] = {
		[ENDER_UNKNOWN] = "unknown", [ENDER_TIME] = "time", [ENDER_SELF] = "itself",
		[ENDER_THREAD] = "thread",   [ENDER_TASK] = "task", [ENDER_PROCESS] = "process",
	};

	return words[kind];
}

static void set_stack(json_t *object, const char *name, const struct stack *stack)
{
	if (stack->count)
		json_object_set_new(object, name, json_of_stack(stack));
}

static json_t *ender_json(const struct ender *ender)
{
	json_t *object = json_object();

	json_set_text(object, "kind", ender_word(ender->kind));
	if (ender->id)
		json_object_set_new(object, "id", json_integer(ender->id));
	json_set_text(object, "name", ender->name);
	json_set_text(object, "holds", ender->words);
	json_set_text(object, "task", ender->task);
	if (ender->for_ns)
		json_object_set_new(object, "for_ns", json_of_number(ender->for_ns));
	set_stack(object, "now", &ender->now);
	set_stack(object, "acquired", &ender->acquired);
	return object;
}

static json_t *thread_json(const struct hung_thread *thread)
{
	json_t *object = json_object();
	bool blocked = hung_thread_is_blocked(thread);

	json_object_set_new(object, "tid", json_integer(thread->tid));
	json_set_text(object, "name", thread->name);
	json_set_text(object, "family", family_word(thread->family));
	json_set_text(object, "executor", thread->executor);
	json_object_set_new(object, "blocked", json_boolean(blocked));
	json_set_text(object, "doing", doing_word(thread->doing));
	json_set_text(object, "call", thread->what);
	json_set_text(object, "function", thread->function);
	json_set_text(object, "system_call", thread->system_call);
	json_set_text(object, "subject", thread->subject);
	json_set_text(object, "task", thread->task);
	if (thread->for_ns)
		json_object_set_new(object, thread->is_turns ? "turn_ns" : "for_ns",
				    json_of_number(thread->for_ns));
	if (thread->deadlock)
		json_object_set_new(object, "deadlock", json_true());
	set_stack(object, "script", &thread->script);
	set_stack(object, "stack", &thread->native);
	if (blocked && thread->doing != DOING_COMPUTE && thread->doing != DOING_BLOCK_ON)
		json_object_set_new(object, "ended_by", ender_json(&thread->ender));
	return object;
}

static json_t *busy_json(const struct hang *hang)
{
	json_t *threads = json_array();

	for (size_t i = 0; i < hang->busy_count; i++) {
		json_t *thread = json_object();

		json_object_set_new(thread, "tid", json_integer(hang->busy[i].tid));
		json_set_text(thread, "name", hang->busy[i].name);
		json_array_append_new(threads, thread);
	}
	return threads;
}

int hang_print_json(const struct hang *hang, const struct report *report, FILE *out)
{
	const struct process *process = hang->process;
	json_t *document = json_object(), *threads = json_array(), *findings = json_array();
	int error;

	json_set_text(document, "version", YIELDSAN_VERSION);
	json_set_text(document, "state", hang_state_word(hang->state));
	json_set_text(document, "verdict", hang->verdict);
	json_object_set_new(document, "pid", json_integer(process->pid));
	json_set_text(document, "executable", process->executable);
	json_object_set_new(document, "running", json_boolean(process->end == PROCESS_RUNNING));
	if (hang->pause)
		json_object_set_new(document, "stopped_ns", json_of_number(hang->paused_ns));
	for (size_t i = 0; i < hang->count; i++)
		json_array_append_new(threads, thread_json(&hang->threads[i]));
	json_object_set_new(document, "threads", threads);
	if (hang->busy_count)
		json_object_set_new(document, "busy_threads", busy_json(hang));
	for (size_t i = 0; i < hang->finding_count; i++)
		json_array_append_new(findings, json_of_finding(report, hang->findings[i]));
	json_object_set_new(document, "findings", findings);
	json_object_set_new(document, "tasks", json_of_tasks(&process->tasks));
	error = json_dumpf(document, out, JSON_INDENT(1)) ? -EIO : 0;
	fputc('\n', out);
	json_decref(document);
	return error;
}
