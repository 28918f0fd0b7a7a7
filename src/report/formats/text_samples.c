#include "text_samples.h"

#include <stdlib.h>
#include <string.h>

#include "report/wording/headline.h"
#include "report/model/model.h"
#include "report/wording/quantity.h"
#include "shared/text.h"

#define MAX_SAMPLE_DEPTH 12
#define LEAST_SHARE	 5 /* percent: smaller shares are omitted */

/* A sample on the way inwards: frames up to `next` are already printed. */
struct branch {
	const struct stack *stack;
	size_t next; /* frames outside this one are printed; 0: all are */
	uint64_t weight;
	bool taken;
};

struct tree {
	const struct report *report;
	FILE *out;
	uint64_t total;
};

static const struct frame *branch_step(struct branch *branch)
{
	while (branch->next) {
		const struct frame *frame = &branch->stack->frames[--branch->next];

		if (frame->owner == OWNER_PROGRAM || branch->next == branch->stack->place)
			return frame;
	}
	return NULL;
}

static bool has_step(struct branch branch)
{
	return branch_step(&branch);
}

static void samples_print_frame(const struct tree *tree, const struct frame *frame, uint64_t weight,
				unsigned depth)
{
	fprintf(tree->out, "    %3u %% %*s", (unsigned)(weight * 100 / tree->total), 2 * (int)depth,
		"");
	if (frame->function)
		fputs(frame->function, tree->out);
	else
		fprintf(tree->out, "%s+0x%llx", frame->module ? path_name(frame->module) : "",
			(unsigned long long)frame->offset);
	if (frame->file && frame->line)
		fprintf(tree->out, "  %s:%d", shown_path(tree->report->session, frame->file),
			frame->line);
	fputc('\n', tree->out);
}

static bool samples_same_frame(const struct frame *a, const struct frame *b)
{
	return a && b && a->function == b->function && a->line == b->line &&
	       (a->function || a->offset == b->offset);
}

static void print_level(const struct tree *tree, struct branch *branches, size_t count,
			unsigned depth)
{
	const struct frame **frames = memory_get((count + 1) * sizeof *frames);
	struct branch *inner = memory_get((count + 1) * sizeof *inner);

	for (size_t i = 0; i < count; i++)
		frames[i] = branch_step(&branches[i]);
	for (;;) {
		const struct frame *best = NULL;
		uint64_t best_weight = 0;
		size_t members = 0;

		for (size_t i = 0; i < count; i++) {
			uint64_t weight = 0;

			for (size_t j = i; frames[i] && j < count; j++)
				if (samples_same_frame(frames[i], frames[j]))
					weight += branches[j].weight;
			if (weight > best_weight) {
				best_weight = weight;
				best = frames[i];
			}
		}
		if (!best || best_weight * 100 < tree->total * LEAST_SHARE)
			break;
		for (size_t i = 0; i < count; i++)
			if (samples_same_frame(best, frames[i])) {
				inner[members++] = branches[i];
				frames[i] = NULL;
			}
		samples_print_frame(tree, best, best_weight, depth);
		if (depth + 1 < MAX_SAMPLE_DEPTH)
			print_level(tree, inner, members, depth + 1);
	}
	free(inner);
	free(frames);
}

void text_samples_print(const struct report *report, const struct finding *finding, FILE *out)
{
	struct tree tree = { .report = report };
	struct branch *branches;
	bool any = false;
	char *text;
	size_t size;

	if (finding->stack_count < 2)
		return;
	branches = memory_get(finding->stack_count * sizeof *branches);
	for (size_t i = 0; i < finding->stack_count; i++) {
		const struct stack *stack = finding_stack_face(&finding->stacks[i]);

		branches[i].stack = stack;
		branches[i].next = finding->stacks[i].turn_place + 1;
		if (branches[i].next > stack->count)
			branches[i].next = stack->count;
		branches[i].weight = finding->stacks[i].weight;
		tree.total += branches[i].weight;
		any |= has_step(branches[i]);
	}
	tree.out = open_memstream(&text, &size);
	if (!tree.out)
		memory_exhausted();
	if (any && tree.total)
		print_level(&tree, branches, finding->stack_count, 0);
	if (fclose(tree.out))
		memory_exhausted();
	/* A single line says what the headline says. */
	if (size && strchr(text, '\n') + 1 < text + size)
		fprintf(out, "  where the time went:\n%s", text);
	free(text);
	free(branches);
}
