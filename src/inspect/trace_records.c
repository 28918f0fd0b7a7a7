#include "trace_records.h"

#include <stdbool.h>
#include <string.h>

#include "contract/trace_format.h"

/* Types that later minor versions may add; a larger number is not a record. */
#define MAX_TYPE 1024

static const size_t least_sizes[] = {
	[RECORD_UNFINISHED] = sizeof(struct trace_record),
	[RECORD_PROCESS] = sizeof(struct trace_process),
	[RECORD_UNWATCHED] = sizeof(struct trace_unwatched),
	[RECORD_MODULE] = sizeof(struct trace_module) + 1,
	[RECORD_EXECUTOR] = sizeof(struct trace_executor),
	[RECORD_THREAD] = sizeof(struct trace_thread),
	[RECORD_CALL] = sizeof(struct trace_call),
	[RECORD_STACK] = sizeof(struct trace_stack),
	[RECORD_SCRIPT] = sizeof(struct trace_script),
	[RECORD_SCRIPT_LINE] = sizeof(struct trace_script_line),
	[RECORD_SCRIPT_LINES] = sizeof(struct trace_script_lines),
	[RECORD_SITE] = sizeof(struct trace_site),
	[RECORD_LOCK_SITE] = sizeof(struct trace_lock_site),
	[RECORD_DEADLOCK] = sizeof(struct trace_deadlock),
	[RECORD_GUARD_SITE] = sizeof(struct trace_guard_site),
	[RECORD_CLOCK] = sizeof(struct trace_clock),
	[RECORD_TURN_LENGTHS] = sizeof(struct trace_turn_lengths),
	[RECORD_LENGTH_COUNTS] = sizeof(struct trace_length_counts),
	[RECORD_TASK_TYPE] = sizeof(struct trace_task_type),
	[RECORD_TIMELINE] = sizeof(struct trace_timeline),
	[RECORD_CANCEL_SITE] = sizeof(struct trace_cancel_site),
	[RECORD_LEFT_SITE] = sizeof(struct trace_left_site),
	[RECORD_TASKS] = sizeof(struct trace_tasks),
	[RECORD_SUSPENDED] = sizeof(struct trace_suspended),
	[RECORD_STUCK] = sizeof(struct trace_stuck),
	[RECORD_PYTHON_RING] = sizeof(struct trace_python_ring),
	[RECORD_SERVER] = sizeof(struct trace_server),
	[RECORD_WAITED_FOR] = sizeof(struct trace_waited_for),
	[RECORD_LOOK] = sizeof(struct trace_look),
	[RECORD_ROOT] = sizeof(struct trace_root),
	[RECORD_TEST] = sizeof(struct trace_test),
	[RECORD_TURN_TIMES] = sizeof(struct trace_turn_times),
	[RECORD_ALLOWANCE] = sizeof(struct trace_allowance),
};

static bool stuck_is_whole(const struct trace_stuck *stuck)
{
	const struct trace_stuck_task *tasks = (const void *)(stuck + 1);

	if (!stuck->tasks || stuck->tasks > TRACE_STUCK_TASKS || stuck->ring > stuck->tasks ||
	    stuck->tasks * sizeof *tasks > stuck->head.size - sizeof *stuck)
		return false;
	for (uint32_t i = 0; i < stuck->tasks; i++)
		if (tasks[i].awaits > TRACE_STUCK_AWAITS || tasks[i].wait >= STUCK_WAITS)
			return false;
	return true;
}

static bool python_ring_is_whole(const struct trace_python_ring *ring)
{
	return ring->tasks && ring->text_size <= ring->head.size - sizeof *ring;
}

static bool suspended_is_whole(const struct trace_suspended *suspended)
{
	return suspended->awaits <= TRACE_SUSPENDED_AWAITS &&
	       suspended->guards <= TRACE_SUSPENDED_GUARDS &&
	       suspended->awaits * sizeof(struct trace_await) +
			       suspended->guards * sizeof(struct trace_suspended_guard) +
			       (uint64_t)suspended->tasks * sizeof(uint64_t) <=
		       suspended->head.size - sizeof *suspended;
}

/* Whether the record's internal sizes and offsets lie within its size. */
static bool is_whole(const struct trace_record *head)
{
	const struct trace_process *process = (const void *)head;
	const struct trace_module *module = (const void *)head;
	const struct trace_stack *stack = (const void *)head;
	const struct trace_script *script = (const void *)head;
	const struct trace_script_line *line = (const void *)head;
	const struct trace_script_lines *lines = (const void *)head;
	const struct trace_timeline *timeline = (const void *)head;
	const struct trace_tasks *tasks = (const void *)head;
	const struct trace_test *test = (const void *)head;

	switch (head->type) {
	case RECORD_PROCESS:
		return process->text_size <= head->size - sizeof *process;
	case RECORD_MODULE:
		return module->path_size && module->path_size <= head->size - sizeof *module &&
		       module->build_id_size <= sizeof module->build_id &&
		       module->start <= module->end;
	case RECORD_STACK:
		return stack->depth <= TRACE_MAX_FRAMES &&
		       stack->depth * sizeof *stack->frames <= head->size - sizeof *stack;
	case RECORD_DEADLOCK:
		return ((const struct trace_deadlock *)head)->edge_count <= TRACE_MAX_EDGES;
	case RECORD_TEST:
		return test->depth <= TRACE_MAX_FRAMES &&
		       test->depth * sizeof *test->frames + (uint64_t)test->text_size <=
			       head->size - sizeof *test;
	case RECORD_TASKS:
		return tasks->first <= head->size - sizeof *tasks &&
		       tasks->count <= (head->size - sizeof *tasks - tasks->first) /
					       sizeof(struct trace_task);
	case RECORD_WAITED_FOR:
		return ((const struct trace_waited_for *)head)->text_size <= TRACE_WAITED_TEXT;
	case RECORD_SUSPENDED:
		return suspended_is_whole((const struct trace_suspended *)head);
	case RECORD_STUCK:
		return stuck_is_whole((const struct trace_stuck *)head);
	case RECORD_PYTHON_RING:
		return python_ring_is_whole((const struct trace_python_ring *)head);
	case RECORD_TIMELINE:
		return timeline->size <= (head->size - sizeof *timeline) / sizeof *timeline->turns;
	case RECORD_SCRIPT:
		return script->text_size <= head->size - sizeof *script;
	case RECORD_SCRIPT_LINE:
		return line->text_size <= head->size - sizeof *line;
	case RECORD_SCRIPT_LINES:
		return lines->count <= (head->size - sizeof *lines) / sizeof *lines->lines;
	default:
		return true;
	}
}

enum trace_record_state trace_record_check(const void *bytes, size_t left, uint32_t *type,
					   size_t *size)
{
	const struct trace_record *head = bytes;

	*type = head->type;
	*size = head->size;
	if (head->size < sizeof *head || head->size % TRACE_ALIGN || head->size > left ||
	    head->type > MAX_TYPE)
		return TRACE_RECORD_BAD;
	if (head->type == RECORD_UNFINISHED ||
	    head->type >= sizeof least_sizes / sizeof *least_sizes)
		return TRACE_RECORD_OTHER;
	if (head->size < least_sizes[head->type] || !is_whole(head))
		return TRACE_RECORD_BAD;
	return TRACE_RECORD_GOOD;
}
