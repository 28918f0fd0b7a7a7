#include "collect_python.h"

#include <stdlib.h>
#include <string.h>

#include "collection.h"
#include "inspect/python/python_look.h"
#include "judgement/report/lock.h"
#include "report/tasks/python_groups.h"
#include "report/wording/quantity.h"

#define MOST_NAMED   3
#define MOST_MEMBERS 16

/* A ring while its finding is made. */
struct python_ring {
	struct collection *collection;
	const struct python_tasks *tasks;
	const struct python_stuck *stuck;
	size_t ring, more; /* more: those that wait for the ring */
	size_t members[MOST_MEMBERS];
	size_t count, shown;
};

static const char *task_name(const struct python_ring *ring, size_t number)
{
	return ring->tasks->items[number].name;
}

static bool is_member(const struct python_ring *ring, size_t number)
{
	for (size_t i = 0; i < ring->shown; i++)
		if (ring->members[i] == number)
			return true;
	return false;
}

static void find_members(struct python_ring *ring)
{
	size_t next = ring->ring;

	/* In the order in which they wait for each other, as far as that is one ring. */
	do {
		if (ring->shown < MOST_MEMBERS)
			ring->members[ring->shown++] = next;
		next = ring->stuck[next].waits_for;
	} while (!is_member(ring, next) && next < ring->tasks->count && ring->shown < MOST_MEMBERS);
	for (size_t i = 0; i < ring->tasks->count; i++) {
		if (ring->stuck[i].ring == ring->ring && ring->shown < MOST_MEMBERS &&
		    !is_member(ring, i))
			ring->members[ring->shown++] = i;
		ring->count += ring->stuck[i].ring == ring->ring;
		ring->more += ring->stuck[i].is_stuck && ring->stuck[i].ring == PYTHON_NO_TASK &&
			      ring->stuck[i].waits_for < ring->tasks->count &&
			      ring->stuck[ring->stuck[i].waits_for].ring == ring->ring;
	}
}

static const char *describe_python_ring(const struct python_ring *ring)
{
	struct strings *strings = &ring->collection->report->session->strings;
	const char *text;
	char count[64];

	if (ring->count == 1)
		text = strings_print(strings, "deadlock: task %s waits for its own end",
				     task_name(ring, ring->ring));
	else
		text = strings_print(strings,
				     "deadlock: %zu tasks wait for each other's end:", ring->count);
	for (size_t i = 0; ring->count > 1 && i < ring->shown && i < MOST_NAMED; i++)
		text = strings_print(strings, "%s%s %s for %s", text, i ? "," : "",
				     task_name(ring, ring->members[i]),
				     task_name(ring, ring->stuck[ring->members[i]].waits_for));
	if (ring->count > MOST_NAMED)
		text = strings_print(strings, "%s, and %zu more", text, ring->count - MOST_NAMED);
	if (ring->more)
		text = strings_print(strings, "%s; %s more wait%s for them", text,
				     quantity_of(count, ring->more, "task"),
				     ring->more == 1 ? "s" : "");
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

static void add_ring(struct python_ring *ring)
{
	struct collection *collection = ring->collection;
	struct session *session = collection->report->session;
	struct finding_stack stacks[MOST_MEMBERS];
	const struct ownership *ownership = collection->process->ownership;
	struct finding seen = {
		.kind = KIND_DEADLOCK,
		.count = 1,
		.running = collection->trace->running,
		.in_progress = true,
		.stacks = stacks,
		.category = "task",
		.language = SCRIPT_PYTHON,
	};

	find_members(ring);
	seen.what = describe_python_ring(ring);
	seen.task = task_name(ring, ring->ring);
	for (size_t i = 0; i < ring->shown; i++) {
		size_t number = ring->members[i];

		stacks[seen.stack_count++] = (struct finding_stack){
			.role = ROLE_WAITING,
			.script = python_task_stack(session, ownership, &ring->tasks->items[number],
						    true),
			.lock = strings_print(&session->strings, "the end of %s, task %s",
					      task_name(ring, ring->stuck[number].waits_for),
					      task_name(ring, number)),
		};
	}
	set_asyncio(collection, &seen);
	finding_take(&seen, deadlock_judge(false));
	seen.first_ns = seen.last_ns =
		collection_since_start(collection, collection->trace->read_ns);
	collection_add(collection, &seen);
}

void collect_python(struct collection *collection)
{
	struct python_look look;
	struct python_stuck *stuck;

	if (collection->report->live)
		return;
	stuck = python_look_for_rings(&look, collection->trace, collection->report->session);
	if (!stuck)
		return;
	for (size_t i = 0; i < look.tasks.count; i++) {
		struct python_ring ring = {
			.collection = collection,
			.tasks = &look.tasks,
			.stuck = stuck,
			.ring = i,
		};

		if (stuck[i].ring == i)
			add_ring(&ring);
	}
	python_look_end(&look);
	free(stuck);
}
