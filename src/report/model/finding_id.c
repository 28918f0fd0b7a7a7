#include "finding_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/text.h"
#include "support/memory.h"
#include "model.h"
#include "words.h"

/*
 * The frames that distinguish findings: the program's own; without any, those of its dependencies;
 * else all. Repeated frames count once, because recursion depth depends on the data of one run.
 */
struct telling {
	const struct stack *stack;
	size_t begin, end;
	enum frame_owner owner; /* OWNER_UNKNOWN: all */
	bool former;		/* by the rules of the first release: see frame.h */
	size_t then;		/* one more behind these: see telling_frames; 0: none */
	const struct frame *last;
};

static enum frame_owner id_frame_owner(const struct telling *telling, const struct frame *frame)
{
	return telling->former ? frame->id_owner : frame->owner;
}

static struct telling telling_frames(const struct finding_stack *of, bool former)
{
	const struct stack *stack = finding_stack_face(of);
	size_t place = former ? stack->id_place : stack->place;
	struct telling telling = { .stack = stack, .owner = OWNER_UNKNOWN, .former = former };

	/* Sampling depth is random: the place of the turn, and below it where the turn began. */
	if (of->role == ROLE_SAMPLE) {
		telling.begin = former ? of->id_entry : of->turn_place;
		telling.end = telling.begin < stack->count ? telling.begin + 1 : telling.begin;
		if (!former && of->turn_place != of->entry)
			telling.then = of->entry;
		return telling;
	}
	if (place < stack->count) {
		telling.begin = place;
		telling.owner = id_frame_owner(&telling, &stack->frames[place]);
	}
	for (telling.end = telling.begin; telling.end < stack->count; telling.end++)
		if (stack->frames[telling.end].turn_boundary)
			break;
	return telling;
}

static bool is_repeated(const struct frame *frame, const struct frame *last)
{
	return last && frame->function && frame->function == last->function &&
	       frame->file == last->file && frame->line == last->line;
}

static const struct frame *next_frame(struct telling *telling)
{
	while (telling->begin < telling->end) {
		const struct frame *frame = &telling->stack->frames[telling->begin++];

		if ((telling->owner != OWNER_UNKNOWN &&
		     id_frame_owner(telling, frame) != telling->owner) ||
		    is_repeated(frame, telling->last))
			continue;
		telling->last = frame;
		return frame;
	}
	if (telling->then) {
		telling->begin = telling->then;
		telling->end = telling->then + 1;
		telling->then = 0;
		return next_frame(telling);
	}
	return NULL;
}

/* Samples of a stall differ between runs. */
static bool is_telling(const struct finding *finding, size_t i)
{
	return !i || finding->stacks[i].role != ROLE_SAMPLE;
}

/* FNV-1a. */
static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3;
	return hash;
}

/* The NUL is hashed too, to keep "ab","c" apart from "a","bc". */
static uint64_t id_hash_text(uint64_t hash, const char *text)
{
	return hash_bytes(hash, text, strlen(text) + 1);
}

/* The end of a number at `text`, or `text` if there is none. */
static const char *number_end(const char *text)
{
	return text + strspn(text, "0123456789");
}

/* For Rust's `{closure#1}`, at its brace: the length before the number, or 0. */
static size_t numbered_length(const char *text)
{
	size_t length = strspn(text + 1, "abcdefghijklmnopqrstuvwxyz_:") + 1;
	const char *end = text[length] == '#' ? number_end(text + length + 1) : text;

	return *end == '}' ? length : 0;
}

/*
 * A function's name without the numbers that compilers assign to closures in order: a new closure
 * before it would change them. Rust's v0 names become like the legacy ones, which have no numbers:
 * `{closure#1}` becomes `{{closure}}`. All C++ lambdas become equal: `{lambda(int)#2}`, `$_2`.
 */
static uint64_t hash_function(uint64_t hash, const char *name)
{
	for (; *name; name++) {
		size_t length = *name == '{' ? numbered_length(name) : 0;

		if (length) {
			hash = hash_bytes(hash_bytes(hash, "{", 1), name, length);
			hash = hash_bytes(hash, "}}", 2);
			name = number_end(name + length + 1);
			continue;
		}
		hash = hash_bytes(hash, name, 1);
		if (!strncmp(name, ")#", 2) || !strncmp(name, "$_", 2))
			name = number_end(name + 2) - 1;
	}
	return hash_bytes(hash, name, 1);
}

static uint64_t hash_frame(uint64_t hash, const struct frame *frame)
{
	char offset[32];

	if (frame->function) {
		hash = hash_function(hash, frame->function);
		return frame->native || !frame->file ? hash
						     : id_hash_text(hash, path_name(frame->file));
	}
	if (!frame->module) /* JIT code: its address means nothing */
		return id_hash_text(hash, "?");
	snprintf(offset, sizeof offset, "%" PRIx64, frame->offset);
	return id_hash_text(id_hash_text(hash, path_name(frame->module)), offset);
}

/* Direct recursion, or a function split by the optimiser, which DWARF describes as inlined into
 * itself. */
static bool is_same_function(const struct frame *frame, const struct frame *last)
{
	return last && frame == last + 1 && frame->native && frame->function &&
	       frame->function == last->function;
}

static uint64_t hash_stack(uint64_t hash, const struct finding_stack *stack, bool former)
{
	struct telling telling = telling_frames(stack, former);
	const struct frame *frame, *last = NULL;

	while ((frame = next_frame(&telling))) {
		if (!is_same_function(frame, last))
			hash = hash_frame(hash, frame);
		last = frame;
	}
	return hash;
}

static int compare_frames(const struct frame *a, const struct frame *b)
{
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int compare_stacks(const struct finding_stack *a, const struct finding_stack *b)
{
	struct telling of_a = telling_frames(a, false), of_b = telling_frames(b, false);
	const struct frame *frame_a, *frame_b;
	int order = 0;

	while (!order && (frame_a = next_frame(&of_a)) && (frame_b = next_frame(&of_b)))
		order = compare_frames(frame_a, frame_b);
	return order;
}

/* Compares by names, then by lines. */
static int compare_edges(const void *one, const void *other)
{
	const struct finding_stack *a = *(const struct finding_stack *const *)one;
	const struct finding_stack *b = *(const struct finding_stack *const *)other;
	uint64_t hash_a = hash_stack(a->role, a, false), hash_b = hash_stack(b->role, b, false);

	if (hash_a != hash_b)
		return hash_a < hash_b ? -1 : 1;
	return compare_stacks(a, b);
}

static size_t stack_count(const struct finding *finding)
{
	return finding->id_stack_count ? finding->id_stack_count : finding->stack_count;
}

/*
 * The stacks that distinguish a finding, in order; the caller frees the array. In a deadlock, the
 * thread that came last reports the others, and which one that is is random, so sort the edges.
 */
static const struct finding_stack **telling_stacks(const struct finding *finding, size_t *count)
{
	const struct finding_stack **stacks =
		memory_get((stack_count(finding) + 1) * sizeof *stacks);

	*count = 0;
	for (size_t i = 0; i < stack_count(finding); i++)
		if (is_telling(finding, i))
			stacks[(*count)++] = &finding->stacks[i];
	if (finding->kind == KIND_DEADLOCK)
		qsort(stacks, *count, sizeof *stacks, compare_edges);
	return stacks;
}

/* Distinguishes findings at one place: what is held or left there, or how a task ended there. NULL:
 * nothing. */
static const char *distinguished_by(const struct finding *finding)
{
	if (finding->variable)
		return finding->variable;
	return finding->kind == KIND_CANCELLED_TASK || finding->kind == KIND_CANCELLED_HOLDING
		       ? finding->what
		       : NULL;
}

uint64_t *finding_key(const struct finding *finding, size_t *words)
{
	const struct finding_stack **stacks;
	size_t room = 6, count;
	uint64_t *key;

	for (size_t i = 0; i < stack_count(finding); i++)
		room += 1 + 2 * finding_stack_face(&finding->stacks[i])->count;
	key = memory_get(room * sizeof *key);
	*words = 0;
	/* Kept strings: equal texts have equal pointers. */
	key[(*words)++] = finding->kind;
	key[(*words)++] = (uintptr_t)finding->call;
	key[(*words)++] = finding->family;
	key[(*words)++] = finding->root;
	key[(*words)++] = (uintptr_t)finding->executor;
	key[(*words)++] = (uintptr_t)distinguished_by(finding);
	stacks = telling_stacks(finding, &count);
	for (size_t i = 0; i < count; i++) {
		struct telling telling = telling_frames(stacks[i], false);
		const struct frame *frame;

		key[(*words)++] = stacks[i]->role;
		while ((frame = next_frame(&telling))) {
			if (frame->function) {
				key[(*words)++] = (uintptr_t)frame->function;
				key[(*words)++] =
					(uint64_t)(stacks[i]->role == ROLE_SAMPLE ? frame->begin
										  : frame->line);
			} else {
				key[(*words)++] = (uintptr_t)frame->module;
				key[(*words)++] = frame->offset;
			}
		}
	}
	free(stacks);
	return key;
}

static void finding_identify(struct finding *finding, bool former, char id[FINDING_ID_SIZE])
{
	const struct finding_stack **stacks;
	uint64_t hash = 0xcbf29ce484222325;
	size_t count;

	hash = id_hash_text(hash, kind_of(finding->kind)->word);
	if (finding->call)
		hash = id_hash_text(hash, finding->call);
	hash = id_hash_text(hash, family_word(finding->family));
	if (distinguished_by(finding))
		hash = id_hash_text(hash, distinguished_by(finding));
	stacks = telling_stacks(finding, &count);
	for (size_t i = 0; i < count; i++) {
		/* The first has no prefix: ids are older than findings with several stacks. */
		if (i)
			hash = id_hash_text(hash, role_word(stacks[i]->role));
		hash = hash_stack(hash, stacks[i], former);
	}
	free(stacks);
	snprintf(id, FINDING_ID_SIZE, "%016" PRIx64, hash);
}

/*
 * The ids that a long turn has when its place is another function of the program on its stack,
 * between the outermost and the one that took most of the time: in a run with more such turns, or
 * fewer, that place would be found.
 */
static void identify_path(struct report *report, struct finding *finding)
{
	struct finding_stack *stack = &finding->stacks[0];
	size_t found = stack->turn_place, count = finding_stack_face(stack)->count;
	char id[FINDING_ID_SIZE];

	if (stack->role != ROLE_SAMPLE || stack->entry >= count)
		return;
	for (size_t i = stack->entry + 1; i-- > finding_stack_face(stack)->place;) {
		const struct frame *frame = &finding_stack_face(stack)->frames[i];

		if (i == found ||
		    (i != stack->entry && (frame->owner != OWNER_PROGRAM || !frame->function)))
			continue;
		stack->turn_place = i;
		finding_identify(finding, false, id);
		obstack_grow(&report->memory, id, sizeof id);
		finding->path_id_count++;
	}
	stack->turn_place = found;
	finding->path_ids = obstack_finish(&report->memory);
}

/*
 * Orders findings of one id by line. Notices come last: they vary between runs, and must not take
 * the ids of findings that fail a check.
 */
static int compare_finding_places(const void *one, const void *other)
{
	const struct finding *a = *(struct finding *const *)one;
	const struct finding *b = *(struct finding *const *)other;
	const struct finding_stack **stacks_a, **stacks_b;
	int order = strcmp(a->id, b->id);
	size_t count_a, count_b;

	if (!order)
		order = strcmp(a->executor, b->executor);
	if (!order)
		order = (a->severity == SEVERITY_NOTICE) - (b->severity == SEVERITY_NOTICE);
	if (order)
		return order;
	stacks_a = telling_stacks(a, &count_a);
	stacks_b = telling_stacks(b, &count_b);
	for (size_t i = 0; !order && i < count_a && i < count_b; i++)
		order = compare_stacks(stacks_a[i], stacks_b[i]);
	free(stacks_a);
	free(stacks_b);
	return order;
}

void findings_identify(struct report *report)
{
	struct finding **findings = report->findings;
	size_t count = report->finding_count;
	char first[sizeof findings[0]->id] = "";
	unsigned number = 0;

	for (size_t i = 0; i < count; i++) {
		finding_identify(findings[i], false, findings[i]->id);
		finding_identify(findings[i], true, findings[i]->former_id);
		if (!strcmp(findings[i]->id, findings[i]->former_id))
			*findings[i]->former_id = '\0';
		identify_path(report, findings[i]);
	}
	if (count)
		qsort(findings, count, sizeof *findings, compare_finding_places);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(findings[i]->id, first)) {
			strcpy(first, findings[i]->id);
			number = 0;
			continue;
		}
		/* A second call of the same kind in one function: distinguished by
		 * its rank alone. */
		snprintf(findings[i]->id, sizeof findings[i]->id, "%016" PRIx64,
			 id_hash_text(0xcbf29ce484222325 + ++number, first));
	}
}
