#include "contract/layout.h"

#include <errno.h>
#include <string.h>

static const size_t element_sizes[LAYOUT_PARTS] = {
	[LAYOUT_MACHINES] = sizeof(struct layout_machine),
	[LAYOUT_STATES] = sizeof(struct layout_state),
	[LAYOUT_VALUES] = sizeof(struct layout_value),
	[LAYOUT_TASKS] = sizeof(struct layout_task),
	[LAYOUT_ROOTS] = sizeof(struct layout_root),
	[LAYOUT_VTABLES] = sizeof(struct layout_vtable),
	[LAYOUT_CONDITIONS] = sizeof(struct layout_condition),
	[LAYOUT_WORDS] = sizeof(struct layout_word),
	[LAYOUT_SEQUENCES] = sizeof(struct layout_sequence),
	[LAYOUT_ENDS] = sizeof(struct layout_end),
	[LAYOUT_SOURCES] = sizeof(struct layout_event_source),
	[LAYOUT_TEXTS] = 1,
};

static bool lies_in(const struct layout *layout, enum layout_part part, uint64_t first,
		    uint64_t count)
{
	return first + count <= layout_count(layout, part);
}

static bool layout_has_text(const struct layout *layout, uint32_t text)
{
	return lies_in(layout, LAYOUT_TEXTS, text, 1);
}

static bool is_machine(const struct layout *layout, uint32_t machine)
{
	return machine == LAYOUT_NONE || lies_in(layout, LAYOUT_MACHINES, machine, 1);
}

/*
 * Checks that the value is within the machine. The size of a boxed value is known only to its type.
 */
static bool layout_value_fits(const struct layout *layout, const struct layout_machine *machine,
			      const struct layout_value *value)
{
	bool boxed = value->box != LAYOUT_NONE;
	uint64_t size = machine->size;
	bool good = boxed ? (uint64_t)value->box + sizeof(void *) <= size
			  : (uint64_t)value->offset + value->size <= size;

	if (value->sequence != LAYOUT_NONE) {
		const struct layout_sequence *sequence = &layout->sequences[value->sequence];

		good &= boxed && sequence->stride &&
			(sequence->length == LAYOUT_NONE ||
			 (uint64_t)sequence->length + sizeof(uint64_t) <= size);
	}
	if (value->drop_flag != LAYOUT_NONE)
		good &= value->drop_flag < size;
	if (value->word != LAYOUT_NONE)
		good &= (uint64_t)layout->words[value->word].pointer + sizeof(void *) <=
			value->size;
	if (value->end != LAYOUT_NONE) {
		const struct layout_end *end = &layout->ends[value->end];

		good &= (uint64_t)end->pointer + sizeof(void *) <= value->size &&
			(end->count == LAYOUT_NONE ||
			 (uint64_t)end->count + sizeof(uint32_t) <= value->size);
	}
	for (uint32_t i = 0; i < value->condition_count; i++) {
		const struct layout_condition *condition =
			&layout->conditions[value->first_condition + i];

		good &= condition->size <= sizeof condition->value &&
			(condition->flags & CONDITION_BOXED ||
			 (uint64_t)condition->offset + condition->size <= size);
	}
	return good;
}

static bool values_fit(const struct layout *layout)
{
	bool good = true;

	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_MACHINES); i++) {
		const struct layout_machine *machine = &layout->machines[i];

		good &= (uint64_t)machine->discriminant + machine->discriminant_size <=
				machine->size &&
			machine->discriminant_size <= sizeof(uint64_t);
		for (uint32_t j = 0; j < machine->state_count; j++) {
			const struct layout_state *state =
				&layout->states[machine->first_state + j];

			for (uint32_t k = 0; k < state->value_count; k++)
				good &= layout_value_fits(layout, machine,
							  &layout->values[state->first_value + k]);
		}
	}
	return good;
}

static bool is_task(const struct layout *layout, const struct layout_task *task)
{
	return layout_has_text(layout, task->type) && layout_has_text(layout, task->scheduler) &&
	       is_machine(layout, task->machine) && is_machine(layout, task->runs) &&
	       lies_in(layout, LAYOUT_CONDITIONS, task->first_condition, task->condition_count);
}

static bool is_whole_machine(const struct layout *layout, const struct layout_machine *machine)
{
	return layout_has_text(layout, machine->type) &&
	       layout_has_text(layout, machine->function) &&
	       layout_has_text(layout, machine->file) &&
	       lies_in(layout, LAYOUT_STATES, machine->first_state, machine->state_count) &&
	       (machine->language != LAYOUT_WRAPPER || machine->state_count == 1);
}

static bool is_whole_state(const struct layout *layout, const struct layout_state *state)
{
	return layout_has_text(layout, state->name) && layout_has_text(layout, state->file) &&
	       is_machine(layout, state->awaits) &&
	       lies_in(layout, LAYOUT_VALUES, state->first_value, state->value_count) &&
	       lies_in(layout, LAYOUT_SOURCES, state->first_source, state->source_count) &&
	       (uint64_t)state->held_count + state->flag_count <= state->value_count;
}

/* LAYOUT_NONE, or one of a part. */
static bool may_be_in(const struct layout *layout, enum layout_part part, uint32_t number)
{
	return number == LAYOUT_NONE || lies_in(layout, part, number, 1);
}

static bool is_whole_value(const struct layout *layout, const struct layout_value *value)
{
	return layout_has_text(layout, value->name) && layout_has_text(layout, value->type) &&
	       layout_has_text(layout, value->file) && is_machine(layout, value->machine) &&
	       lies_in(layout, LAYOUT_CONDITIONS, value->first_condition, value->condition_count) &&
	       may_be_in(layout, LAYOUT_WORDS, value->word) &&
	       may_be_in(layout, LAYOUT_SEQUENCES, value->sequence) &&
	       may_be_in(layout, LAYOUT_ENDS, value->end);
}

static bool is_whole_source(const struct layout *layout, const struct layout_event_source *source)
{
	return source->kind < SOURCE_KINDS && source->pointers <= LAYOUT_SOURCE_POINTERS &&
	       layout_has_text(layout, source->type) && is_machine(layout, source->machine) &&
	       (source->kind != SOURCE_FUTURE || source->machine != LAYOUT_NONE) &&
	       lies_in(layout, LAYOUT_CONDITIONS, source->first_condition, source->condition_count);
}

static bool is_whole_root(const struct layout *layout, const struct layout_root *root)
{
	return is_task(layout, &root->task) && root->start < root->end &&
	       (root->task.machine != LAYOUT_NONE || root->task.flags & TASK_DYN ||
		!(root->task.flags & TASK_HOLDS)) &&
	       root->pointers <= LAYOUT_ROOT_POINTERS;
}

/* Both are searched by halves. */
static bool are_in_order(const struct layout *layout)
{
	bool good = true;

	for (uint32_t i = 1; i < layout_count(layout, LAYOUT_ROOTS); i++)
		good &= layout->roots[i - 1].end <= layout->roots[i].start;
	for (uint32_t i = 1; i < layout_count(layout, LAYOUT_VTABLES); i++)
		good &= layout->vtables[i - 1].address <= layout->vtables[i].address;
	return good;
}

static bool holds_together(const struct layout *layout)
{
	uint32_t texts = layout_count(layout, LAYOUT_TEXTS);
	bool good = texts && !layout->texts[texts - 1];

	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_MACHINES); i++)
		good &= is_whole_machine(layout, &layout->machines[i]);
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_STATES); i++)
		good &= is_whole_state(layout, &layout->states[i]);
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_VALUES); i++)
		good &= is_whole_value(layout, &layout->values[i]);
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_ENDS); i++)
		good &= layout->ends[i].kind < END_KINDS;
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_SOURCES); i++)
		good &= is_whole_source(layout, &layout->sources[i]);
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_TASKS); i++)
		good &= is_task(layout, &layout->tasks[i]);
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_ROOTS); i++)
		good &= is_whole_root(layout, &layout->roots[i]);
	for (uint32_t i = 0; i < layout_count(layout, LAYOUT_VTABLES); i++)
		good &= is_machine(layout, layout->vtables[i].machine);
	return good && are_in_order(layout);
}

static uint64_t add_words(uint64_t sum, const void *from, uint64_t size)
{
	const char *bytes = from;
	uint64_t word;

	for (uint64_t at = 0; at + sizeof word <= size; at += sizeof word) {
		memcpy(&word, bytes + at, sizeof word);
		sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
	}
	return sum;
}

uint32_t layout_sum(const struct layout_header *header)
{
	struct layout_header own = *header;
	uint64_t sum;

	own.sum = 0;
	sum = add_words(0, &own, sizeof own);
	sum = add_words(sum, header + 1, header->size - sizeof own);
	return (uint32_t)(sum ^ sum >> 32);
}

int layout_read(struct layout *layout, const void *table, size_t size)
{
	const struct layout_header *header = table;
	const char *parts[LAYOUT_PARTS];

	memset(layout, 0, sizeof *layout);
	if (size < sizeof *header || memcmp(header->magic, LAYOUT_MAGIC, sizeof header->magic) ||
	    header->version != LAYOUT_VERSION || header->size != size ||
	    header->build_id_size > sizeof header->build_id || layout_sum(header) != header->sum)
		return -EINVAL;
	for (int i = 0; i < LAYOUT_PARTS; i++) {
		uint64_t end = header->parts[i].offset +
			       (uint64_t)header->parts[i].count * element_sizes[i];

		if (header->parts[i].offset % 8 || header->parts[i].offset < sizeof *header ||
		    end > size)
			return -EINVAL;
		parts[i] = (const char *)table + header->parts[i].offset;
	}
	layout->header = header;
	layout->machines = (const void *)parts[LAYOUT_MACHINES];
	layout->states = (const void *)parts[LAYOUT_STATES];
	layout->values = (const void *)parts[LAYOUT_VALUES];
	layout->tasks = (const void *)parts[LAYOUT_TASKS];
	layout->roots = (const void *)parts[LAYOUT_ROOTS];
	layout->vtables = (const void *)parts[LAYOUT_VTABLES];
	layout->conditions = (const void *)parts[LAYOUT_CONDITIONS];
	layout->words = (const void *)parts[LAYOUT_WORDS];
	layout->sequences = (const void *)parts[LAYOUT_SEQUENCES];
	layout->ends = (const void *)parts[LAYOUT_ENDS];
	layout->sources = (const void *)parts[LAYOUT_SOURCES];
	layout->texts = parts[LAYOUT_TEXTS];
	if (holds_together(layout) && values_fit(layout))
		return 0;
	memset(layout, 0, sizeof *layout);
	return -EINVAL;
}

const struct layout_root *layout_root_at(const struct layout *layout, uint64_t address)
{
	uint32_t low = 0, high = layout->header ? layout_count(layout, LAYOUT_ROOTS) : 0;

	while (low < high) {
		uint32_t middle = (low + high) / 2;
		const struct layout_root *root = &layout->roots[middle];

		if (address >= root->start && address < root->end)
			return root;
		if (address < root->start)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
