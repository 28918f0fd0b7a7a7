#include "python_ring_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/clock.h"
#include "support/memory.h"

/* A ring while its record is made. */
struct ring_making {
	const struct python_tasks *tasks;
	const struct python_stuck *stuck;
	size_t ring;
	size_t members[PYTHON_RING_TASKS];
	size_t shown;
	FILE *text;
};

static bool is_member(const struct ring_making *making, size_t number)
{
	for (size_t i = 0; i < making->shown; i++)
		if (making->members[i] == number)
			return true;
	return false;
}

/* In the order in which they wait for each other, as far as that is one ring. */
static void find_members(struct ring_making *making)
{
	size_t next = making->ring;

	do {
		making->members[making->shown++] = next;
		next = making->stuck[next].waits_for;
	} while (next < making->tasks->count && !is_member(making, next) &&
		 making->shown < PYTHON_RING_TASKS);
	for (size_t i = 0; i < making->tasks->count; i++)
		if (making->stuck[i].ring == making->ring && making->shown < PYTHON_RING_TASKS &&
		    !is_member(making, i))
			making->members[making->shown++] = i;
}

/* A program chooses the names of its functions and files. */
static void put_text(const struct ring_making *making, const char *text, char end)
{
	for (; *text; text++)
		fputc((unsigned char)*text < ' ' ? '?' : *text, making->text);
	fputc(end, making->text);
}

static void put_member(const struct ring_making *making, size_t number)
{
	const struct python_task *task = &making->tasks->items[number];
	size_t ender = making->stuck[number].waits_for;

	put_text(making, task->name, '\t');
	put_text(making, ender < making->tasks->count ? making->tasks->items[ender].name : "?",
		 '\n');
	for (size_t i = task->frame_count; i-- > 0;) {
		put_text(making, task->frames[i].function, '\t');
		put_text(making, task->frames[i].file, '\t');
		fprintf(making->text, "%d\n", task->frames[i].line);
	}
	fputc('\n', making->text);
}

static void count_tasks(const struct ring_making *making, struct trace_python_ring *record)
{
	for (size_t i = 0; i < making->tasks->count; i++) {
		const struct python_stuck *stuck = &making->stuck[i];

		record->tasks += stuck->ring == making->ring;
		record->more += stuck->is_stuck && stuck->ring == PYTHON_NO_TASK &&
				stuck->waits_for < making->tasks->count &&
				making->stuck[stuck->waits_for].ring == making->ring;
	}
}

struct trace_record *python_ring_record(const struct python_tasks *tasks,
					const struct python_stuck *stuck, size_t ring,
					uint64_t since_ns)
{
	struct ring_making making = { .tasks = tasks, .stuck = stuck, .ring = ring };
	struct trace_python_ring *record;
	char *text;
	size_t size;

	making.text = open_memstream(&text, &size);
	if (!making.text)
		memory_exhausted();
	find_members(&making);
	for (size_t i = 0; i < making.shown; i++)
		put_member(&making, making.members[i]);
	if (fclose(making.text))
		memory_exhausted();
	record = memory_get(sizeof *record + size + TRACE_ALIGN);
	record->head.type = RECORD_PYTHON_RING;
	record->head.size =
		(uint32_t)(sizeof *record + (size + TRACE_ALIGN - 1) / TRACE_ALIGN * TRACE_ALIGN);
	record->text_size = (uint32_t)size;
	record->since_ns = since_ns;
	record->seen_ns = clock_monotonic_ns();
	memcpy(record + 1, text, size);
	free(text);
	count_tasks(&making, record);
	return &record->head;
}
