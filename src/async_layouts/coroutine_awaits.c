#include "coroutine_awaits.h"

#include <libiberty/demangle.h>
#include <string.h>

#include "machine_code/code_walk.h"
#include "shared/text.h"
#include "support/memory.h"

#define SOME_LOCK	UINT64_C(0x4c4c00000000) /* an address that no program uses */
#define MAX_SUSPENSIONS 4096
#define STORES_SIZE	24 /* size of a few instructions, in bytes */
#define MAX_ROUNDS	8  /* limit for loops that come back to one await */

/* The effect of a call on a guard: from the function's name and its arguments. */
enum effect { KEEPS, TAKES, RELEASES, MEDDLES };

#define CONSTRUCTOR "" /* the same as its class */

static const struct {
	const char *name, *arguments;
	enum effect effect;
} effects[] = {
	{ "unlock", "", RELEASES },
	{ "unlock_shared", "", RELEASES },
	{ "release", "", RELEASES },
	{ "lock", "()", TAKES },
	{ "lock_shared", "()", TAKES },
	{ "owns_lock", "", KEEPS },
	{ "mutex", "", KEEPS },
	{ "operator bool", "", KEEPS },
	{ CONSTRUCTOR, "defer_lock_t", RELEASES },
	{ CONSTRUCTOR, "adopt_lock_t", TAKES },
	{ CONSTRUCTOR, "()", RELEASES },
	{ CONSTRUCTOR, ",", MEDDLES }, /* may fail to lock */
	{ CONSTRUCTOR, "&&", MEDDLES },
	{ CONSTRUCTOR, "", TAKES },
	/* Conditions: the lock is held again when they return. */
	{ "wait", "", KEEPS },
	{ "wait_for", "", KEEPS },
	{ "wait_until", "", KEEPS },
};

/* A place where the coroutine is suspended, and what is known there. */
struct suspension {
	uint64_t index, at, from;
	struct code_state state; /* without registers */
	int rounds;
	bool is_new, is_final;
};

struct reading {
	const struct coroutine *coroutine;
	const struct coroutine_guards *guards;
	const struct elf_file *object;
	const struct symbol_table *symbols;
	struct suspension *suspensions;
	size_t count, room;
	uint64_t resumed;	       /* the index with which it was resumed */
	uint64_t last_stored, last_at; /* the index, and the code that set it */
	bool strays;		       /* the index was set to an impossible value */
	/* While it is destroyed: */
	bool destroys;
	uint64_t index;
	bool *touched; /* by guard */
};

static uint64_t index_address(const struct coroutine *coroutine)
{
	return CODE_OBJECT + coroutine->index_offset;
}

static bool await_belongs(void *argument, uint64_t address)
{
	const struct reading *reading = argument;
	struct coroutine coroutine = *reading->coroutine;
	const char *symbol;

	if (dwarf_haspc(reading->destroys ? &coroutine.destroy : &coroutine.resume, address) > 0)
		return true;
	/* "..._Z4heldi.Frame.actor.part.0": a part that the compiler split off into a function. */
	symbol = symbol_table_find(reading->symbols, address);
	return symbol && strstr(symbol, ".actor.");
}

static bool await_keeps_address(void *argument, uint64_t address)
{
	const struct reading *reading = argument;

	if (address < CODE_OBJECT + 8) /* the address to resume at: 0 when it is done */
		return true;
	for (size_t i = 0; i < reading->guards->count; i++)
		if (reading->guards->items[i].has_owns &&
		    address == CODE_OBJECT + reading->guards->items[i].owns)
			return true;
	return false;
}

/* Assumes that a guard's pointer to its lock is not null: its code checks it repeatedly. */
static struct code_value await_assumes(void *argument, uint64_t address, unsigned size)
{
	const struct reading *reading = argument;

	for (size_t i = 0; size == 8 && i < reading->guards->count; i++) {
		const struct coroutine_guard *guard = &reading->guards->items[i];

		if (guard->has_owns && code_lies_in(address, guard->offset, guard->size) &&
		    !code_lies_in(CODE_OBJECT + guard->owns, address - CODE_OBJECT, size))
			return code_number(SOME_LOCK);
	}
	return CODE_UNKNOWN;
}

/* Whether `name` begins with a class's last component: "unique_lock" for "std::unique_lock<T>". */
static bool is_named_after_class(const char *name, size_t length, const char *type)
{
	size_t end = strcspn(type, "<"), begin = end;

	while (begin && type[begin - 1] != ':')
		begin--;
	return length == end - begin && !strncmp(name, type + begin, length);
}

static enum effect guard_function_effect(const char *function, const struct coroutine_guard *guard)
{
	const char *arguments, *name = function;
	int depth = 0;

	/* The last "::" outside brackets, and the arguments after it. */
	for (arguments = function; *arguments && (*arguments != '(' || depth); arguments++) {
		depth += text_bracket(function, arguments);
		if (!depth && !strncmp(arguments, "::", 2))
			name = arguments + 2;
	}
	if (*name == '~')
		return KEEPS;
	for (size_t i = 0; i < sizeof effects / sizeof *effects; i++) {
		size_t length = (size_t)(arguments - name);
		bool is_it = *effects[i].name
				     ? strlen(effects[i].name) == length &&
					       !strncmp(name, effects[i].name, length)
				     : is_named_after_class(name, strcspn(name, "<("), guard->type);

		if (is_it && strstr(arguments, effects[i].arguments))
			return effects[i].effect;
	}
	return MEDDLES;
}

static void call_on_guard(struct code_state *state, const char *function,
			  const struct coroutine_guard *guard)
{
	static const struct code_value owned[] = {
		[TAKES] = { 8, 1 }, [RELEASES] = { 8, 0 }, [MEDDLES] = { 0, 0 }
	};
	enum effect effect = function ? guard_function_effect(function, guard) : MEDDLES;

	/* As another argument it may be used in any way. */
	if (effect != KEEPS && !code_lies_in(state->registers[CODE_RDI].number, guard->offset, 1))
		effect = MEDDLES;
	if (effect != KEEPS)
		code_store(state, CODE_OBJECT + guard->owns, 1, owned[effect]);
}

static void await_steps(void *argument, uint64_t at)
{
	const struct reading *reading = argument;

	for (size_t i = 0; reading->destroys && i < reading->guards->count; i++)
		if (spans_find(&reading->guards->items[i].code, at))
			reading->touched[i] = true;
}

static bool is_given_guard(const struct code_state *state, const struct coroutine_guard *guard)
{
	for (size_t i = 0; i < CODE_ARGUMENTS; i++)
		if (code_is_in_object(state->registers[code_arguments[i]]) &&
		    code_lies_in(state->registers[code_arguments[i]].number, guard->variable,
				 guard->variable_size))
			return true;
	return false;
}

static struct code_value await_calls(void *argument, struct code_state *state, uint64_t target)
{
	const struct reading *reading = argument;
	const char *symbol = target ? symbol_table_find(reading->symbols, target) : NULL;
	char *function = NULL;

	for (size_t i = 0; i < reading->guards->count; i++) {
		const struct coroutine_guard *guard = &reading->guards->items[i];

		if (!is_given_guard(state, guard))
			continue;
		if (reading->destroys)
			reading->touched[i] = true;
		if (reading->destroys || !guard->has_owns)
			continue;
		if (!function && symbol)
			function = cplus_demangle(symbol, DMGL_PARAMS | DMGL_ANSI);
		call_on_guard(state, function, guard);
	}
	free(function);
	/* An awaitable that is always ready never suspends. */
	return symbol && strstr(symbol, "11await_ready") ? code_result(reading->object, target)
							 : CODE_UNKNOWN;
}

/* Keeps what does not change while the coroutine is suspended. */
static void keep_frame(const struct reading *reading, struct code_state *state)
{
	uint32_t kept = 0;

	memset(state->registers, 0, sizeof state->registers);
	state->known_flags = state->flags = 0;
	for (uint32_t i = 0; i < state->cell_count; i++)
		if (state->cells[i].address >= CODE_OBJECT + 8 &&
		    code_is_in_object(code_number(state->cells[i].address)) &&
		    await_keeps_address((void *)reading, state->cells[i].address))
			state->cells[kept++] = state->cells[i];
	state->cell_count = kept;
}

static void reading_suspend(struct reading *reading, const struct code_state *state, uint64_t at,
			    uint64_t from, uint64_t index)
{
	struct code_value resumed_at = code_load(state, CODE_OBJECT, 8);
	struct suspension *suspension;
	struct code_state kept = *state;
	size_t i = 0;

	keep_frame(reading, &kept);
	while (i < reading->count && reading->suspensions[i].index != index)
		i++;
	if (i == reading->count) {
		if (i == MAX_SUSPENSIONS)
			return;
		reading->suspensions = memory_grow(reading->suspensions, i, &reading->room,
						   sizeof *reading->suspensions);
		suspension = &reading->suspensions[reading->count++];
		*suspension = (struct suspension){
			.index = index, .at = at, .from = from, .state = kept, .is_new = true
		};
	} else {
		suspension = &reading->suspensions[i];
		if (!code_state_covers(&suspension->state, &kept)) {
			code_state_join(&suspension->state, &kept);
			suspension->is_new = true;
		}
		if (at < suspension->at) {
			suspension->at = at;
			suspension->from = from;
		}
	}
	suspension->is_final |= resumed_at.known == 8 && !resumed_at.number;
}

/*
 * A finished coroutine has no address to resume at. If the compiler swapped the two stores, that
 * one follows.
 */
static void mark_final(struct reading *reading, const struct code_state *state, uint64_t at)
{
	struct code_value index =
		code_load(state, index_address(reading->coroutine), reading->coroutine->index_size);

	if (index.known < reading->coroutine->index_size || index.number != reading->last_stored ||
	    index.number == reading->resumed || at < reading->last_at ||
	    at - reading->last_at > STORES_SIZE)
		return;
	for (size_t i = 0; i < reading->count; i++)
		if (reading->suspensions[i].index == reading->last_stored)
			reading->suspensions[i].is_final = true;
}

static bool await_accesses(void *argument, const struct code_state *state, uint64_t at,
			   uint64_t from, uint64_t address, unsigned size,
			   const struct code_value *stored)
{
	struct reading *reading = argument;
	const struct coroutine *coroutine = reading->coroutine;
	uint64_t index_at = index_address(coroutine), index;

	if (stored && address <= index_at && address + size >= index_at + coroutine->index_size) {
		if (index_at - address + coroutine->index_size > stored->known) {
			reading->strays = true;
			return true;
		}
		index = stored->number >> 8 * (index_at - address) &
			code_mask(coroutine->index_size);
		if (reading->destroys) {
			reading->strays |= index != reading->index;
			return index == reading->index;
		}
		/* gcc's index begins at 0, which it sets again for an exception. */
		if (coroutine->is_clangs || (index && !(index & 1))) {
			reading_suspend(reading, state, at, from, index);
			reading->last_stored = index;
			reading->last_at = at;
		}
		return true;
	}
	if (stored && address == CODE_OBJECT && stored->known == 8 && !stored->number)
		mark_final(reading, state, at);
	for (size_t i = 0; reading->destroys && i < reading->guards->count; i++)
		reading->touched[i] |= code_lies_in(address, reading->guards->items[i].variable,
						    reading->guards->items[i].variable_size);
	return true;
}

static void coroutine_enter(const struct coroutine *coroutine, const struct suspension *from,
			    uint64_t index, struct code_state *state)
{
	memset(state, 0, sizeof *state);
	if (from)
		*state = from->state;
	code_state_enter(state, CODE_RDI);
	code_store(state, index_address(coroutine), coroutine->index_size, code_number(index));
}

/* Finds all suspension points; follows the code after one again whenever less is known there. */
static bool find_suspensions(struct reading *reading, const struct code_walker *walker)
{
	const struct coroutine *coroutine = reading->coroutine;
	struct code_state state;
	bool whole;

	coroutine_enter(coroutine, NULL, 0, &state);
	if (coroutine->is_clangs)
		reading_suspend(reading, &state, 0, 0, 0); /* set by the function that creates it */
	reading->strays = false;
	whole = code_walk(walker, coroutine->resume_at, &state) != CODE_GAVE_UP;
	for (bool more = true; more;) {
		more = false;
		for (size_t i = 0; i < reading->count; i++) {
			struct suspension *from = &reading->suspensions[i];

			if (!from->is_new || from->is_final)
				continue;
			more = true;
			from->is_new = false;
			if (from->rounds++ > MAX_ROUNDS)
				continue;
			reading->resumed = from->index;
			coroutine_enter(coroutine, from, from->index, &state);
			whole &= code_walk(walker, coroutine->resume_at, &state) != CODE_GAVE_UP;
		}
	}
	return whole && !reading->strays;
}

static uint8_t guard_judge_holding(const struct coroutine_guard *guard, const struct suspension *at)
{
	struct code_value owns;

	if (!guard->is_releasable)
		return guard->is_in_union ? COROUTINE_MAY_HOLD : COROUTINE_HOLDS;
	if (!guard->has_owns)
		return COROUTINE_MAY_HOLD;
	owns = code_load(&at->state, CODE_OBJECT + guard->owns, 1);
	if (!owns.known)
		return COROUTINE_MAY_HOLD;
	return owns.number ? guard->is_in_union ? COROUTINE_MAY_HOLD : COROUTINE_HOLDS
			   : COROUTINE_HOLDS_NOT;
}

/* Whether another one of this type in the frame was destroyed: it may be the same. */
static bool has_evidence(const struct reading *reading, size_t which)
{
	const struct coroutine_guard *guards = reading->guards->items;

	for (size_t i = 0; i < reading->guards->count; i++)
		if (reading->touched[i] && !guards[i].is_taken_apart &&
		    !strcmp(guards[i].type, guards[which].type))
			return true;
	return false;
}

static void frame_destroy(struct reading *reading, const struct code_walker *walker,
			  const struct suspension *at, struct coroutine_await *await)
{
	const struct coroutine *coroutine = reading->coroutine;
	size_t count = reading->guards->count;
	struct code_state state;
	bool is_known;

	await->holds = memory_get(count + 1);
	if (!count)
		return;
	reading->touched = memory_get(count * sizeof *reading->touched);
	reading->destroys = true;
	reading->strays = false;
	reading->index = at->index | !coroutine->is_clangs;
	coroutine_enter(coroutine, at, reading->index, &state);
	is_known =
		code_walk(walker, coroutine->destroy_at, &state) == CODE_WALKED && !reading->strays;
	for (size_t i = 0; i < count; i++)
		if (reading->guards->items[i].is_taken_apart && has_evidence(reading, i))
			reading->touched[i] = false;
	for (size_t i = 0; i < count; i++)
		await->holds[i] = !is_known ? COROUTINE_NOT_FOLLOWED
				  : reading->touched[i]
					  ? guard_judge_holding(&reading->guards->items[i], at)
					  : COROUTINE_HOLDS_NOT;
	reading->destroys = false;
	free(reading->touched);
}

static int compare_awaits(const void *left, const void *right)
{
	const struct coroutine_await *a = left, *b = right;

	return a->index < b->index ? -1 : a->index > b->index;
}

void coroutine_awaits_find(struct coroutine_awaits *awaits, const struct coroutine *coroutine,
			   const struct coroutine_guards *guards, const struct elf_file *object,
			   const struct symbol_table *symbols)
{
	struct reading reading = {
		.coroutine = coroutine, .guards = guards, .object = object, .symbols = symbols
	};
	const struct code_walker walker = {
		.object = object,
		.steps = await_steps,
		.belongs = await_belongs,
		.calls = await_calls,
		.accesses = await_accesses,
		.assumes = await_assumes,
		.is_kept = await_keeps_address,
		.argument = &reading,
	};

	memset(awaits, 0, sizeof *awaits);
	awaits->is_whole = find_suspensions(&reading, &walker);
	for (size_t i = 0; i < reading.count; i++) {
		const struct suspension *at = &reading.suspensions[i];
		struct coroutine_await *await;

		awaits->items = memory_grow(awaits->items, awaits->count, &awaits->room,
					    sizeof *awaits->items);
		await = &awaits->items[awaits->count++];
		*await =
			(struct coroutine_await){ at->index, at->at, at->from, at->is_final, NULL };
		frame_destroy(&reading, &walker, at, await);
	}
	if (awaits->count)
		qsort(awaits->items, awaits->count, sizeof *awaits->items, compare_awaits);
	free(reading.suspensions);
}

void coroutine_awaits_deinit(struct coroutine_awaits *awaits)
{
	for (size_t i = 0; i < awaits->count; i++)
		free(awaits->items[i].holds);
	free(awaits->items);
	memset(awaits, 0, sizeof *awaits);
}
