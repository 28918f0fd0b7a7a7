#include "python_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/python/python_look.h"
#include "inspect/session.h"
#include "support/hash.h"

struct python_group {
	struct task_group group;
	const struct python_task *task; /* the first */
	UT_hash_handle hh;
	char key[];
};

struct stack python_task_stack(struct session *session, const struct ownership *ownership,
			       const struct python_task *task, bool inside_out)
{
	struct stack stack;
	char *text;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		memory_exhausted();
	for (size_t i = 0; i < task->frame_count; i++) {
		const struct python_frame *frame =
			&task->frames[inside_out ? task->frame_count - 1 - i : i];

		fprintf(memory, "%s\t%s\t%d\n", frame->function, frame->file, frame->line);
	}
	if (fclose(memory))
		memory_exhausted();
	stack = stack_script(session, text, size, ownership, SCRIPT_PYTHON);
	free(text);
	return stack;
}

/* What the innermost coroutine awaits, as a last frame: "Task of load", "Future". */
static struct stack with_leaf(struct session *session, const struct stack *stack,
			      const struct python_task *task)
{
	const char *leaf = task->leaf ? strrchr(task->leaf, '.') : NULL;
	struct stack longer = { .count = stack->count };

	longer.frames = obstack_alloc(&session->memory, (stack->count + 1) * sizeof *longer.frames);
	memcpy(longer.frames, stack->frames, stack->count * sizeof *longer.frames);
	if (task->leaf)
		longer.frames[longer.count++] = (struct frame){
			.function = task->awaited ? strings_print(&session->strings, "%s of %s",
								  task->leaf, task->awaited)
						  : strings_keep(&session->strings,
								 leaf ? leaf + 1 : task->leaf),
			.language = "Python",
			.owner = OWNER_EXECUTOR,
			.id_owner = OWNER_EXECUTOR,
		};
	stack_find_places(&longer);
	return longer;
}

static void write_group_key(const struct python_task *task, char **key, size_t *size)
{
	FILE *memory = open_memstream(key, size);

	if (!memory)
		memory_exhausted();
	fprintf(memory, "%d\n%s\n%s\n%s\n", task->state, task->name, task->leaf ? task->leaf : "",
		task->awaited ? task->awaited : "");
	for (size_t i = 0; i < task->frame_count; i++)
		fprintf(memory, "%p\t%p\t%d\n", (const void *)task->frames[i].function,
			(const void *)task->frames[i].file, task->frames[i].line);
	if (fclose(memory))
		memory_exhausted();
}

static void add_python_task(struct python_group **groups, const struct python_task *task)
{
	struct python_group *known;
	char *key;
	size_t size;

	write_group_key(task, &key, &size);
	HASH_FIND(hh, *groups, key, size, known);
	if (!known) {
		known = memory_get(sizeof *known + size);
		known->task = task;
		known->group.type = task->name;
		known->group.state = task->state;
		memcpy(known->key, key, size);
		HASH_ADD_KEYPTR(hh, *groups, known->key, size, known);
	}
	known->group.count++;
	free(key);
}

static int compare_counts(const void *one, const void *other)
{
	const struct task_group *a = one, *b = other;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->type, b->type);
}

static void take_python_groups(struct python_group *groups, struct session *session,
			       const struct ownership *ownership, struct process_tasks *tasks)
{
	size_t before = tasks->group_count, count = before + HASH_COUNT(groups);
	struct task_group *all = obstack_alloc(&session->memory, (count + 1) * sizeof *all);
	struct python_group *group, *next;

	if (before)
		memcpy(all, tasks->groups, before * sizeof *all);
	tasks->groups = all;
	HASH_ITER (hh, groups, group, next) {
		struct stack stack = python_task_stack(session, ownership, group->task, false);

		group->group.awaits = with_leaf(session, &stack, group->task);
		all[tasks->group_count++] = group->group;
		tasks->count += group->group.count;
		HASH_DEL(groups, group);
		free(group);
	}
	qsort(all + before, count - before, sizeof *all, compare_counts);
}

void python_groups_add(struct address_space *space, const struct ownership *ownership,
		       struct process_tasks *tasks)
{
	struct session *session = space->session;
	struct python_group *groups = NULL;
	struct python_look look;

	if (!python_look_begin(&look, space->trace, session)) {
		if (look.problem && !tasks->problem)
			tasks->problem = look.problem;
		return;
	}
	tasks->lists_asyncio = true;
	for (size_t i = 0; i < look.tasks.count; i++)
		add_python_task(&groups, &look.tasks.items[i]);
	take_python_groups(groups, session, ownership, tasks);
	python_look_end(&look);
}
