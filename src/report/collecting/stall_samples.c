#include "stall_samples.h"

#include <stdlib.h>
#include <string.h>

#include "report/model/model.h"
#include "turn_places.h"

#define MAX_STACKS 32 /* per finding, unless --samples asks for more */

struct stall_sample {
	struct stall_sample *next;
	uint32_t family;
	const char *executor;
	struct finding_stack stack;
};

void stall_sample_keep(struct stalls *stalls, const struct finding *seen, uint64_t ns)
{
	struct stall_sample *sample = obstack_alloc(&stalls->report->memory, sizeof *sample);

	*sample = (struct stall_sample){ .next = stalls->report->samples,
					 .family = seen->family,
					 .executor = seen->executor,
					 .stack = seen->stacks[0] };
	sample->stack.weight = ns / 1000000 + 1;
	stalls->report->samples = sample;
}

static bool is_in_function(const struct stack *one, size_t i, const struct stack *other, size_t j)
{
	if (i >= one->count || j >= other->count)
		return false;
	return one->frames[i].function ? frame_is_same_function(&one->frames[i], &other->frames[j])
				       : one->frames[i].offset == other->frames[j].offset;
}

static bool sample_is_of_finding(const struct stall_sample *sample, const struct finding *finding)
{
	const struct stack *one = finding_stack_face(&sample->stack);
	const struct stack *other = finding_stack(finding);

	return sample->family == finding->family && sample->executor == finding->executor &&
	       is_in_function(one, sample->stack.entry, other, finding->stacks[0].entry) &&
	       is_in_function(one, sample->stack.turn_place, other, finding->stacks[0].turn_place);
}

static bool stall_same_place(const struct finding_stack *a, const struct finding_stack *b)
{
	const struct frame *one = stack_place(finding_stack_face(a));
	const struct frame *other = stack_place(finding_stack_face(b));

	if (!one || !other)
		return false;
	return one->function == other->function && one->line == other->line &&
	       (one->function || one->offset == other->offset);
}

static int compare_weights(const void *one, const void *other)
{
	const struct finding_stack *a = one, *b = other;

	return a->weight > b->weight ? -1 : a->weight < b->weight;
}

/* Puts the innermost program frame with the most time first. */
static void put_hottest_first(struct finding_stack *stacks, size_t count)
{
	uint64_t best_weight = 0;
	size_t best = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t weight = 0;

		for (size_t j = 0; j < count; j++)
			if (stall_same_place(&stacks[i], &stacks[j]))
				weight += stacks[j].weight;
		if (weight > best_weight) {
			best_weight = weight;
			best = i;
		}
	}
	if (count) {
		struct finding_stack hottest = stacks[best];

		memmove(stacks + 1, stacks, best * sizeof *stacks);
		stacks[0] = hottest;
	}
}

static bool stall_same_frame(const struct frame *a, const struct frame *b)
{
	return a->function == b->function && a->file == b->file && a->line == b->line &&
	       a->module == b->module && (a->function || a->offset == b->offset);
}

/* Whether two samples look the same to a reader: the same lines of the same functions. */
static bool same_face(const struct finding_stack *a, const struct finding_stack *b)
{
	const struct stack *one = finding_stack_face(a), *other = finding_stack_face(b);

	if (one->count != other->count || a->entry != b->entry || a->turn_place != b->turn_place)
		return false;
	for (size_t i = 0; one->frames != other->frames && i < one->count; i++)
		if (!stall_same_frame(&one->frames[i], &other->frames[i]))
			return false;
	return true;
}

/* Both sides are sorted by weight: keep the heaviest of equal stacks, with their total weight. */
static size_t merge_equal_stacks(struct finding_stack *stacks, size_t count)
{
	size_t distinct = 0;

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (j < distinct && !same_face(&stacks[i], &stacks[j]))
			j++;
		if (j < distinct)
			stacks[j].weight += stacks[i].weight;
		else
			stacks[distinct++] = stacks[i];
	}
	qsort(stacks, distinct, sizeof *stacks, compare_weights);
	return distinct;
}

static void stall_take_samples(struct report *report, struct finding *finding)
{
	struct finding_stack *stacks;
	size_t count = 0, room = 0, most = report->options->samples;

	for (const struct stall_sample *sample = report->samples; sample; sample = sample->next)
		room += sample_is_of_finding(sample, finding);
	if (!room || finding->stall == STALL_WAITING)
		return;
	stacks = obstack_alloc(&report->memory, room * sizeof *stacks);
	for (const struct stall_sample *sample = report->samples; sample; sample = sample->next)
		if (sample_is_of_finding(sample, finding))
			stacks[count++] = sample->stack;
	qsort(stacks, count, sizeof *stacks, compare_weights);
	count = merge_equal_stacks(stacks, count);
	put_hottest_first(stacks, count);
	if (most < MAX_STACKS)
		most = MAX_STACKS;
	finding->stacks = stacks;
	finding->stack_count = count < most ? count : most;
	finding->left_out_stacks = count - finding->stack_count;
	finding->left_out_weight = 0;
	for (size_t i = finding->stack_count; i < count; i++)
		finding->left_out_weight += stacks[i].weight;
}

void stalls_finish(struct report *report)
{
	turn_places_find(report);
	for (struct stall_sample *sample = report->samples; sample; sample = sample->next)
		turn_place_of_sample(report, sample->executor, &sample->stack);
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i]->kind == KIND_LONG_TURN && !report->findings[i]->unseen)
			stall_take_samples(report, report->findings[i]);
}
