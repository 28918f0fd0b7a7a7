#include "collect_python.h"

#include <inttypes.h>
#include <string.h>

#include "collection.h"
#include "inspect/python/python_look.h"
#include "inspect/python/python_ring_record.h"
#include "judgement/report/lock.h"
#include "report/wording/quantity.h"

#define MOST_NAMED 3

/* A task of a record. */
struct ring_member {
	const char *name, *ender;
	struct stack stack;
};

/* A record while its finding is made. */
struct python_ring {
	struct collection *collection;
	const struct trace_python_ring *record;
	struct ring_member members[PYTHON_RING_TASKS];
	size_t count;
};

/* The next line, with its NEWLINE. 0: there is none. */
static size_t line_size(const char *text, size_t size)
{
	const char *end = memchr(text, '\n', size);

	return end ? (size_t)(end - text) + 1 : 0;
}

/* "name TAB ender NEWLINE". */
static bool take_names(struct python_ring *ring, struct ring_member *member, const char *line,
		       size_t size)
{
	struct strings *strings = &ring->collection->report->session->strings;
	const char *tab = memchr(line, '\t', size);

	if (!tab)
		return false;
	member->name = strings_keep_part(strings, line, (size_t)(tab - line));
	member->ender = strings_keep_part(strings, tab + 1, size - 1 - (size_t)(tab + 1 - line));
	return true;
}

/* Returns the size of a task's part of the text. 0: it makes no sense. */
static size_t take_ring_member(struct python_ring *ring, const char *text, size_t size)
{
	struct collection *collection = ring->collection;
	struct ring_member *member = &ring->members[ring->count];
	size_t first = line_size(text, size), end = first, next;

	if (!first || !take_names(ring, member, text, first))
		return 0;
	while ((next = line_size(text + end, size - end)) > 1)
		end += next;
	member->stack = stack_script(collection->report->session, text + first, end - first,
				     collection->process->ownership, SCRIPT_PYTHON);
	ring->count++;
	return end + next;
}

static void take_ring_members(struct python_ring *ring)
{
	const char *text = (const char *)(ring->record + 1);
	size_t left = ring->record->text_size, taken;

	while (ring->count < PYTHON_RING_TASKS && left &&
	       (taken = take_ring_member(ring, text, left))) {
		text += taken;
		left -= taken;
	}
}

static const char *describe_python_ring(const struct python_ring *ring)
{
	struct strings *strings = &ring->collection->report->session->strings;
	uint32_t tasks = ring->record->tasks;
	const char *text;
	char count[64];

	if (tasks == 1)
		text = strings_print(strings, "deadlock: task %s waits for its own end",
				     ring->members[0].name);
	else
		text = strings_print(
			strings, "deadlock: %" PRIu32 " tasks wait for each other's end:", tasks);
	for (size_t i = 0; tasks > 1 && i < ring->count && i < MOST_NAMED; i++)
		text = strings_print(strings, "%s%s %s for %s", text, i ? "," : "",
				     ring->members[i].name, ring->members[i].ender);
	if (tasks > MOST_NAMED)
		text = strings_print(strings, "%s, and %" PRIu32 " more", text, tasks - MOST_NAMED);
	if (ring->record->more)
		text = strings_print(strings, "%s; %s more wait%s for them", text,
				     quantity_of(count, ring->record->more, "task"),
				     ring->record->more == 1 ? "s" : "");
	return text;
}

static void set_asyncio(struct collection *collection, struct finding *seen)
{
	const struct trace_file *trace = collection->trace;

	for (size_t i = 0; i < trace->records[RECORD_EXECUTOR].count; i++) {
		const struct trace_executor *executor =
			collection_record(collection, RECORD_EXECUTOR, i);

		if (executor->family == FAMILY_EVENT_LOOP &&
		    collection_executor(collection, executor, seen) &&
		    executor_runs_asyncio(seen->executor_id))
			return;
	}
	seen->family = FAMILY_EVENT_LOOP;
	seen->executor = "asyncio";
	seen->executor_id = executor_id_of(FAMILY_EVENT_LOOP, "asyncio");
	seen->confidence = CONFIDENCE_HIGH;
}

void collect_python_ring(struct collection *collection, const struct trace_python_ring *record)
{
	struct strings *strings = &collection->report->session->strings;
	struct python_ring ring = { .collection = collection, .record = record };
	struct finding_stack stacks[PYTHON_RING_TASKS];
	struct finding seen = {
		.kind = KIND_DEADLOCK,
		.count = 1,
		.running = collection->trace->running,
		.in_progress = true,
		.stacks = stacks,
		.category = "task",
		.language = SCRIPT_PYTHON,
	};

	take_ring_members(&ring);
	if (!ring.count)
		return;
	seen.what = describe_python_ring(&ring);
	seen.task = ring.members[0].name;
	for (size_t i = 0; i < ring.count; i++)
		stacks[seen.stack_count++] = (struct finding_stack){
			.role = ROLE_WAITING,
			.script = ring.members[i].stack,
			.lock = strings_print(strings, "the end of %s, task %s",
					      ring.members[i].ender, ring.members[i].name),
		};
	set_asyncio(collection, &seen);
	finding_take(&seen, deadlock_judge(false));
	seen.first_ns = collection_since_start(collection, record->since_ns);
	seen.last_ns = collection_since_start(collection, record->seen_ns);
	if (record->seen_ns > record->since_ns)
		seen.progress_ns = record->seen_ns - record->since_ns;
	seen.total_ns = seen.max_ns = seen.progress_ns;
	collection_add(collection, &seen);
}

void collect_python(struct collection *collection)
{
	const struct trace_file *trace = collection->trace;
	struct stuck_records records = { 0 };

	if (collection->report->live)
		return;
	if (trace_file_has_memory(trace))
		python_rings_prove(trace, &records);
	for (size_t i = 0; i < records.count; i++)
		collect_python_ring(collection, (const void *)records.items[i]);
	for (size_t i = 0; !trace->running && i < trace->records[RECORD_PYTHON_RING].count; i++)
		collect_python_ring(collection,
				    collection_record(collection, RECORD_PYTHON_RING, i));
	stuck_records_deinit(&records);
}
