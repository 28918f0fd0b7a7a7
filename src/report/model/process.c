#include "process.h"

#include <string.h>

#include "executors/executors.h"
#include "inspect/session.h"
#include "process_test.h"
#include "report/frames/ownership.h"
#include "shared/options.h"

/* The options as the runtime read them: options that it could not parse keep their defaults. */
static void read_options(struct session *session, struct process *process, const char *text,
			 size_t size)
{
	struct options options;
	char *given = memory_get(size + 1);

	memcpy(given, text, size);
	options_parse(&options, given);
	free(given);
	process->allow = strings_keep(&session->strings, options.allow);
	process->own = strings_keep(&session->strings, options.own);
	process->limits = limits_of(&options);
	process->tests = options.tests;
}

static void read_texts(struct session *session, struct process *process,
		       const struct trace_file *trace)
{
	const struct trace_process *record =
		trace_file_record(trace, trace->header->process, RECORD_PROCESS);
	const char *text, *end;

	if (!record && trace->records[RECORD_PROCESS].count)
		record = (const void *)(trace->bytes + trace->records[RECORD_PROCESS].offsets[0]);
	process->executable = strings_keep(&session->strings, "");
	read_options(session, process, "", 0);
	if (!record)
		return;
	text = (const char *)(record + 1);
	end = text + record->text_size;
	process->executable = strings_keep_part(&session->strings, text, record->text_size);
	text += strnlen(text, (size_t)(end - text)) + 1;
	if (text < end) {
		read_options(session, process, text, strnlen(text, (size_t)(end - text)));
		text += strnlen(text, (size_t)(end - text)) + 1;
	}
	for (; text < end && process->argument_count < record->argc; process->argument_count++) {
		obstack_ptr_grow(&session->memory,
				 strings_keep_part(&session->strings, text, (size_t)(end - text)));
		text += strnlen(text, (size_t)(end - text)) + 1;
	}
	process->arguments = obstack_finish(&session->memory);
}

static void read_end(struct process *process, const struct trace_file *trace)
{
	process->end_code = trace->header->end_code;
	switch (trace->header->end) {
	case TRACE_END_EXITED:
		process->end = PROCESS_ENDED;
		break;
	case TRACE_END_SIGNALED:
		process->end = PROCESS_SIGNALED;
		break;
	case TRACE_END_EXECED:
		process->end = PROCESS_REPLACED;
		break;
	default:
		process->end = trace->running ? PROCESS_RUNNING : PROCESS_LOST;
	}
}

/* Adds the turns and threads of living threads to the totals of ended ones. */
static void count_threads(struct process_executor *executor, const struct trace_file *trace,
			  uint32_t offset)
{
	for (size_t i = 0; i < trace->records[RECORD_THREAD].count; i++) {
		const struct trace_thread *thread =
			(const void *)(trace->bytes + trace->records[RECORD_THREAD].offsets[i]);

		for (size_t j = 0; thread->alive && j < TRACE_THREAD_EXECUTORS; j++)
			if (thread->turns[j].executor == offset && thread->turns[j].turns) {
				executor->threads++;
				executor->turns += thread->turns[j].turns;
			}
	}
}

static void read_executors(struct session *session, struct process *process,
			   const struct trace_file *trace, bool lengths)
{
	size_t count = trace->records[RECORD_EXECUTOR].count;
	struct address_space space;

	address_space_init(&space, session, trace);
	process->executors =
		obstack_alloc(&session->memory, (count + 1) * sizeof *process->executors);
	for (size_t i = 0; i < count; i++) {
		uint32_t offset = trace->records[RECORD_EXECUTOR].offsets[i];
		const struct trace_executor *record = (const void *)(trace->bytes + offset);
		struct process_executor *executor = &process->executors[process->executor_count];

		if (!record->confirmed)
			continue;
		*executor = (struct process_executor){
			.family = record->family,
			.confidence = record->confidence,
			.name = strings_keep_part(&session->strings, record->name,
						  sizeof record->name),
			.threads = record->threads_ended,
			.turns = record->turns_ended,
			.own_waits = record->own_waits,
			.own_waits_ns = record->own_waits_ns,
		};
		count_threads(executor, trace, offset);
		if (lengths)
			executor->lengths = turn_lengths_read(&space, offset);
		process->executor_count++;
	}
	if (lengths)
		process->timeline_count = timelines_read(&space, &process->timelines);
	address_space_deinit(&space);
}

static void read_unwatched(struct session *session, struct process *process,
			   const struct trace_file *trace)
{
	size_t count = trace->records[RECORD_UNWATCHED].count;

	process->unwatched =
		obstack_alloc(&session->memory, (count + 1) * sizeof *process->unwatched);
	for (size_t i = 0; i < count; i++) {
		const struct trace_unwatched *record =
			(const void *)(trace->bytes + trace->records[RECORD_UNWATCHED].offsets[i]);

		if (record->path[0])
			process->unwatched[process->unwatched_count++] = strings_keep_part(
				&session->strings, record->path, sizeof record->path);
	}
}

struct process *process_create(struct session *session, const struct trace_file *trace,
			       const char *path, bool lengths)
{
	struct process *process = obstack_alloc(&session->memory, sizeof *process);
	char sentence[TRACE_SENTENCE_SIZE];

	memset(process, 0, sizeof *process);
	process->trace_path = path;
	process->is_foreign = trace->image;
	process->pid = trace->header->pid;
	process->start_unix_ns = trace->header->start_wall_ns;
	process->lost_events = trace->header->lost_events;
	process->lost_sites = trace->header->lost_sites;
	process->flags = trace->header->flags;
	if (trace_file_damage(trace, path, sentence))
		process->damage = strings_keep(&session->strings, sentence);
	read_texts(session, process, trace);
	process->ownership = ownership_of(session, process->executable, process->arguments,
					  process->argument_count, process->own);
	read_end(process, trace);
	read_executors(session, process, trace, lengths);
	read_unwatched(session, process, trace);
	process->test = process_test(session, process);
	process->allowance_count = allowances_read(session, trace, &process->allowances);
	return process;
}

static bool lists_tasks(const struct process_executor *executor)
{
	return executor->family == FAMILY_TOKIO || executor->family == FAMILY_ASYNC_TASK;
}

bool process_lists_tasks(const struct process *process)
{
	for (size_t i = 0; i < process->executor_count; i++)
		if (lists_tasks(&process->executors[i]))
			return true;
	return false;
}

static bool runs_asyncios_tasks(const struct process_executor *executor)
{
	return executor_runs_asyncio(executor_id_of(executor->family, executor->name));
}

void process_name_unlisted(struct session *session, struct process *process)
{
	const char *names = NULL;

	for (size_t i = 0; i < process->executor_count; i++) {
		const struct process_executor *executor = &process->executors[i];

		if (executor->family != FAMILY_EVENT_LOOP || !executor->turns ||
		    (process->tasks.lists_asyncio && runs_asyncios_tasks(executor)))
			continue;
		names = names ? strings_print(&session->strings, "%s and %s", names, executor->name)
			      : executor->name;
	}
	if (names && !process->tasks.problem)
		process->tasks.problem =
			strings_print(&session->strings,
				      "tasks of %s are not listed: that is not supported", names);
}
