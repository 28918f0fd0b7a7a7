#include "turn_places.h"

#include <stdlib.h>
#include <string.h>

#include "report/model/finding_id.h"
#include "report/model/findings.h"
#include "report/model/model.h"

/*
 * The program's functions from the one in which a turn began, inwards: places in the displayed
 * stack. One that calls itself counts once.
 */
struct turn_path {
	const struct stack *stack;
	size_t *frames;
	size_t count;
};

struct turn_seen {
	const struct process *process;
	struct finding *seen;
	struct finding_stack stack;
	struct turn_path path;
	size_t shared; /* functions of its path that all samples of the turns have */
	size_t place;  /* the one of them that is the finding's place */
};

/* A place below another function. */
struct turn_place {
	struct turn_place *next;
	const struct turn_seen *turn;
	size_t depth; /* in its path */
};

static const struct frame *path_frame(const struct turn_path *path, size_t depth)
{
	return &path->stack->frames[path->frames[depth]];
}

static bool is_on_path(const struct frame *frame)
{
	return frame->owner == OWNER_PROGRAM && frame->function;
}

static struct turn_path turn_path_of(struct report *report, const struct finding_stack *of)
{
	struct turn_path path = { .stack = finding_stack_face(of) };
	const struct frame *last = NULL;

	if (of->entry >= path.stack->count)
		return path;
	for (size_t i = of->entry + 1; i-- > 0;) {
		const struct frame *frame = &path.stack->frames[i];

		if (last && (!is_on_path(frame) || frame_is_same_function(frame, last)))
			continue;
		obstack_grow(&report->memory, &i, sizeof i);
		last = frame;
	}
	path.count = obstack_object_size(&report->memory) / sizeof *path.frames;
	path.frames = obstack_finish(&report->memory);
	return path;
}

/* Of a displayed stack: the innermost of `shared` recorded frames, which may have inlined ones. */
static size_t innermost_shared(const struct stack *stack, size_t shared)
{
	size_t i = stack->count;

	while (i && shared)
		shared -= !stack->frames[--i].inlined;
	return i;
}

static size_t shared_path(const struct turn_path *path, size_t shared)
{
	size_t innermost = innermost_shared(path->stack, shared), count = 0;

	while (count < path->count && path->frames[count] >= innermost)
		count++;
	return count;
}

void turn_place_keep(struct report *report, const struct process *process,
		     const struct finding *seen, size_t shared)
{
	struct turn_seen *turn = obstack_alloc(&report->memory, sizeof *turn);
	struct turn_path path;

	*turn = (struct turn_seen){
		.process = process,
		.seen = obstack_copy(&report->memory, seen, sizeof *seen),
		.stack = seen->stacks[0],
	};
	turn->seen->stacks = &turn->stack;
	path = turn_path_of(report, &turn->stack);
	if (path.count > 1 && seen->unseen)
		path.count = 1;
	turn->path = path;
	turn->shared = shared_path(&path, shared);
	report->turns = memory_grow(report->turns, report->turn_count, &report->turn_room,
				    sizeof *report->turns);
	report->turns[report->turn_count++] = turn;
}

static bool is_below(const struct turn_path *path, const struct turn_path *other, size_t depth)
{
	return path->count > depth && other->count > depth &&
	       frame_is_same_function(path_frame(path, depth), path_frame(other, depth));
}

/* Whether both would be one finding if each turn's place were where it began. */
static bool begin_alike(const struct finding *one, const struct turn_path *path,
			const struct finding *other, const struct turn_path *other_path)
{
	return one->executor == other->executor && one->family == other->family &&
	       one->root == other->root && is_below(path, other_path, 0);
}

/* Moves those below the function at `depth` of the first one's path to the front; their number. */
static size_t gather_below(struct turn_seen **turns, size_t count, size_t depth)
{
	const struct turn_path *path = &turns[0]->path;
	size_t below = 1;

	for (size_t i = 1; i < count; i++) {
		struct turn_seen *turn = turns[i];

		if (!is_below(path, &turn->path, depth))
			continue;
		turns[i] = turns[below];
		turns[below++] = turn;
	}
	return below;
}

/* One that has a function at `depth` of its path: all of it was in that, or it was seen there. */
static bool put_first(struct turn_seen **turns, size_t count, size_t depth, bool whole)
{
	for (size_t i = 0; i < count; i++) {
		struct turn_seen *turn = turns[i];

		if ((whole ? turn->shared : turn->path.count) <= depth)
			continue;
		turns[i] = turns[0];
		turns[0] = turn;
		return true;
	}
	return false;
}

static void put_place(struct report *report, struct turn_seen **turns, size_t count, size_t depth)
{
	struct turn_place *place = obstack_alloc(&report->memory, sizeof *place);

	*place = (struct turn_place){ report->places, turns[0], depth };
	report->places = place;
	for (size_t i = 0; i < count; i++)
		if (turns[i]->place < depth)
			turns[i]->place = depth;
}

/*
 * All of these turns passed the function at `depth` of their paths. If most were in several
 * functions that it calls, it does the work with all of them. If most were in one alone, and these
 * differ, each is a place. A turn that had two of them, as a loop's turn may run several callbacks,
 * is where it was seen.
 */
static void divide_turns(struct report *report, struct turn_seen **turns, size_t count,
			 size_t depth)
{
	uint64_t total = 0, whole = 0;
	size_t gathered = 0, below, first = 0, places = 0;

	for (size_t i = 0; i < count; i++) {
		total += turns[i]->seen->count;
		whole += turns[i]->shared > depth + 1 ? turns[i]->seen->count : 0;
	}
	if (whole < total - whole)
		return;
	while (put_first(turns + gathered, count - gathered, depth + 1, places < 2)) {
		below = gather_below(turns + gathered, count - gathered, depth + 1);
		divide_turns(report, turns + gathered, below, depth + 1);
		if (++places == 2)
			put_place(report, turns, first, depth + 1);
		if (places >= 2)
			put_place(report, turns + gathered, below, depth + 1);
		else
			first = below;
		gathered += below;
	}
}

static size_t gather_alike(struct turn_seen **turns, size_t count)
{
	size_t alike = 1;

	for (size_t i = 1; i < count; i++) {
		struct turn_seen *turn = turns[i];

		if (!begin_alike(turns[0]->seen, &turns[0]->path, turn->seen, &turn->path))
			continue;
		turns[i] = turns[alike];
		turns[alike++] = turn;
	}
	return alike;
}

void turn_places_find(struct report *report)
{
	size_t count = report->turn_count, alike;
	struct turn_seen **turns = memory_get((count + 1) * sizeof *turns);

	if (count)
		memcpy(turns, report->turns, count * sizeof *turns);
	for (size_t i = 0; i < count; i += alike) {
		alike = gather_alike(turns + i, count - i);
		divide_turns(report, turns + i, alike, 0);
	}
	free(turns);
	for (size_t i = 0; i < count; i++) {
		struct turn_seen *turn = report->turns[i];

		if (turn->place)
			turn->stack.turn_place = turn->path.frames[turn->place];
		finding_add(report, turn->seen, turn->process);
	}
	free(report->turns);
	report->turns = NULL;
	report->turn_count = report->turn_room = 0;
}

/* As in turn_places_find: the innermost place that it passed. */
void turn_place_of_sample(struct report *report, const char *executor, struct finding_stack *stack)
{
	struct turn_path path;
	size_t deepest = 0;

	if (!report->places)
		return;
	path = turn_path_of(report, stack);
	for (const struct turn_place *place = report->places; place; place = place->next) {
		const struct turn_path *other = &place->turn->path;
		size_t depth = 0;

		while (place->turn->seen->executor == executor && depth <= place->depth &&
		       is_below(&path, other, depth))
			depth++;
		if (depth > place->depth && place->depth > deepest)
			deepest = place->depth;
	}
	if (deepest)
		stack->turn_place = path.frames[deepest];
}
