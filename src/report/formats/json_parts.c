#include "json_parts.h"

#include <inttypes.h>
#include <stdio.h>

#include "report/model/words.h"

json_t *json_of_number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

void json_set_text(json_t *object, const char *name, const char *value)
{
	if (value)
		json_object_set_new(object, name, json_string(value));
}

static json_t *frame_json(const struct frame *frame)
{
	json_t *object = json_object();
	char offset[32];

	json_set_text(object, "function", frame->function);
	json_set_text(object, "file", frame->file);
	if (frame->line > 0)
		json_object_set_new(object, "line", json_integer(frame->line));
	if (frame->native) {
		snprintf(offset, sizeof offset, "0x%" PRIx64, frame->offset);
		json_set_text(object, "module", frame->module ? frame->module : "[unknown]");
		json_set_text(object, "build_id", frame->build_id);
		json_set_text(object, "offset", offset);
	}
	if (!frame->native && frame->module) {
		json_set_text(object, "module", frame->module);
		json_set_text(object, "build_id", frame->build_id);
	}
	if (frame->inlined)
		json_object_set_new(object, "inlined", json_true());
	json_set_text(object, "language", frame->language);
	if (frame->owner == OWNER_PROGRAM)
		json_object_set_new(object, "user", json_true());
	return object;
}

json_t *json_of_executor(uint32_t family, const char *name)
{
	json_t *object = json_object();

	json_set_text(object, "family", family_word(family));
	json_set_text(object, "name", name);
	return object;
}

json_t *json_of_stack(const struct stack *stack)
{
	json_t *frames = json_array();

	for (size_t i = 0; i < stack->count; i++)
		json_array_append_new(frames, frame_json(&stack->frames[i]));
	return frames;
}

static json_t *json_of_wait(const struct group_wait *wait)
{
	json_t *object = json_object();

	json_set_text(object, "kind", group_wait_word(wait->kind));
	if (!wait->object)
		return object;
	json_object_set_new(object, "object", json_sprintf("0x%" PRIx64, wait->object));
	json_object_set_new(object, "others", json_of_number(wait->others));
	json_object_set_new(object, "holders", json_of_number(wait->holders));
	json_set_text(object, "holder", wait->holder);
	return object;
}

/* "descriptor" and "timer": for display, as nothing is proven by them. */
static void json_set_sources(json_t *object, const struct group_sources *sources)
{
	json_t *part;

	if (sources->with_descriptor) {
		part = json_object();
		json_object_set_new(part, "tasks", json_of_number(sources->with_descriptor));
		json_object_set_new(part, "fd", json_integer(sources->fd));
		json_set_text(part, "file", sources->file);
		json_object_set_new(object, "descriptor", part);
	}
	if (sources->with_timer) {
		part = json_object();
		json_object_set_new(part, "tasks", json_of_number(sources->with_timer));
		if (sources->looked_ns)
			json_object_set_new(part, "ends_in_ns",
					    json_integer((json_int_t)(sources->deadline_ns -
								      sources->looked_ns)));
		json_object_set_new(object, "timer", part);
	}
}

/* "arms": what each task of the group waits for at once. */
static void json_set_arms(json_t *object, const struct group_arms *arms)
{
	json_t *array;

	if (!arms->count)
		return;
	array = json_array();
	for (size_t i = 0; i < arms->count; i++) {
		json_t *arm = json_object();

		json_object_set_new(arm, "count", json_of_number(arms->items[i].count));
		json_object_set_new(arm, "awaits", json_of_stack(&arms->items[i].awaits));
		json_array_append_new(array, arm);
	}
	json_object_set_new(object, "arms", array);
}

/* "polled_by": ids of threads. */
static void json_set_pollers(json_t *object, const struct task_group *group)
{
	json_t *array;

	if (!group->poller_count)
		return;
	array = json_array();
	for (size_t i = 0; i < group->poller_count; i++)
		json_array_append_new(array, json_integer(group->pollers[i].tid));
	json_object_set_new(object, "polled_by", array);
}

json_t *json_of_tasks(const struct process_tasks *tasks)
{
	json_t *array = json_array();

	for (size_t i = 0; i < tasks->group_count; i++) {
		const struct task_group *group = &tasks->groups[i];
		json_t *object = json_object();

		json_set_text(object, "type", group->type);
		json_set_text(object, "state", task_state_word(group->state));
		json_object_set_new(object, "count", json_of_number(group->count));
		json_object_set_new(object, "oldest_ns", json_of_number(group->oldest_ns));
		json_object_set_new(object, "awaits", json_of_stack(&group->awaits));
		if (group->wait.is_known)
			json_object_set_new(object, "waits_for", json_of_wait(&group->wait));
		json_set_sources(object, &group->sources);
		json_set_arms(object, &group->arms);
		json_set_pollers(object, group);
		json_array_append_new(array, object);
	}
	return array;
}
