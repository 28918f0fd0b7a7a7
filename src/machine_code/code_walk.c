#include "code_walk.h"

#include <string.h>

#include "symbols/elf_file.h"
#include "support/hash.h"
#include "machine_code/x86_64/x86_execute.h"

#define MAX_STATES 24	  /* per place, before they are merged */
#define MAX_SHORT  24	  /* instructions in a short function */
#define MAX_STEPS  400000 /* about a tenth of a second */

/* A jump target, and the state with which it was reached. */
struct place {
	uint64_t address;
	struct code_state **states;
	size_t count, room;
	UT_hash_handle hh;
};

struct way {
	uint64_t address, from;
	struct code_state *state;
};

struct walk {
	const struct code_walker *walker;
	struct obstack memory;
	struct place *places;
	struct way *ways; /* still to be taken */
	size_t way_count, way_room;
	enum code_walk_end end;
	/* The current step. */
	uint64_t at, from;
	struct code_state *state;
	bool ended;
	Elf_Data *code; /* the last section used, at `code_address` */
	uint64_t code_address;
};

/* The bytes at a file address, and how many follow; NULL if there are none. */
static const uint8_t *code_bytes_at(struct walk *walk, uint64_t address, bool constant,
				    size_t *size)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Word wanted = constant ? 0 : SHF_EXECINSTR;

	if (!constant && walk->code && address >= walk->code_address &&
	    address - walk->code_address < walk->code->d_size) {
		*size = walk->code->d_size - (address - walk->code_address);
		return (const uint8_t *)walk->code->d_buf + (address - walk->code_address);
	}
	while ((section = elf_nextscn(walk->walker->object->elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
		    !(header.sh_flags & SHF_ALLOC) ||
		    (header.sh_flags & (SHF_EXECINSTR | SHF_WRITE)) != wanted ||
		    address < header.sh_addr || address - header.sh_addr >= header.sh_size)
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || !data->d_buf || address - header.sh_addr >= data->d_size)
			return NULL;
		if (!constant) {
			walk->code = data;
			walk->code_address = header.sh_addr;
		}
		*size = data->d_size - (address - header.sh_addr);
		return (const uint8_t *)data->d_buf + (address - header.sh_addr);
	}
	return NULL;
}

static struct code_value walk_constant(void *argument, uint64_t address, unsigned size)
{
	struct code_value value = { (uint8_t)size, 0 };
	struct walk *walk = argument;
	const uint8_t *bytes;
	size_t room;

	if (code_is_in_object(code_number(address)))
		return walk->walker->assumes
			       ? walk->walker->assumes(walk->walker->argument, address, size)
			       : CODE_UNKNOWN;
	bytes = code_bytes_at(argument, address, true, &room);
	if (!bytes || room < size || size > 8)
		return CODE_UNKNOWN;
	memcpy(&value.number, bytes, size);
	return value;
}

static void access_memory(void *argument, uint64_t address, unsigned size,
			  const struct code_value *stored)
{
	struct walk *walk = argument;

	if (!walk->walker->accesses(walk->walker->argument, walk->state, walk->at, walk->from,
				    address, size, stored))
		walk->ended = true;
}

static struct place *walk_place_of(struct walk *walk, uint64_t address)
{
	struct place *place;

	HASH_FIND(hh, walk->places, &address, sizeof address, place);
	if (place)
		return place;
	place = obstack_alloc(&walk->memory, sizeof *place);
	memset(place, 0, sizeof *place);
	place->address = address;
	HASH_ADD(hh, walk->places, address, sizeof place->address, place);
	return place;
}

/* Adds a path, unless an earlier one there already covers its state. */
static void walk_add_way(struct walk *walk, uint64_t address, const struct code_state *state)
{
	struct place *place = walk_place_of(walk, address);
	struct code_state *kept;

	for (size_t i = 0; i < place->count; i++)
		if (code_state_covers(place->states[i], state))
			return;
	if (place->count < MAX_STATES) {
		kept = obstack_copy(&walk->memory, state, sizeof *state);
		place->states =
			memory_grow(place->states, place->count, &place->room, sizeof(void *));
		place->states[place->count++] = kept;
	} else {
		walk->end = CODE_BLURRED;
		kept = obstack_copy(&walk->memory, place->states[MAX_STATES - 1], sizeof *state);
		code_state_join(kept, state);
		place->states[MAX_STATES - 1] = kept;
	}
	walk->ways = memory_grow(walk->ways, walk->way_count, &walk->way_room, sizeof *walk->ways);
	walk->ways[walk->way_count++] = (struct way){ address, walk->at, kept };
}

/* Keeps those bytes of the object that no call changes. */
static void keep_in_object(struct walk *walk, const struct code_cell *cell)
{
	const struct code_walker *walker = walk->walker;
	uint64_t kept = 0;

	for (uint64_t i = 0; i < cell->size; i++)
		kept += walker->is_kept(walker->argument, cell->address + i);
	if (kept == cell->size) {
		code_store(walk->state, cell->address, (unsigned)cell->size,
			   code_number(cell->number));
		return;
	}
	for (uint64_t i = 0; kept && i < cell->size; i++)
		if (walker->is_kept(walker->argument, cell->address + i))
			code_store(walk->state, cell->address + i, 1,
				   code_number(cell->number >> 8 * i));
}

/* A local whose address was passed may change; spilled addresses belong to the compiler. */
static bool is_local_kept(const struct code_state *state, const struct code_cell *cell)
{
	for (size_t i = 0; i < CODE_ARGUMENTS; i++) {
		struct code_value value = state->registers[code_arguments[i]];

		if (code_is_on_stack(value) && cell->address >= value.number &&
		    cell->address < value.number + 256 &&
		    !code_is_in_object(code_number(cell->number)))
			return false;
	}
	return true;
}

/* The System V ABI: a function may change the other registers, and any memory that it can reach. */
static void forget_after_call(struct walk *walk)
{
	static const uint8_t lost[] = { CODE_RAX, CODE_RCX, CODE_RDX, CODE_RSI, CODE_RDI,
					8,	  9,	    10,	      11 };
	struct code_cell cells[CODE_CELLS];
	struct code_state *state = walk->state;
	uint32_t count = state->cell_count;

	/* A cell may be split into several parts, too many for the array. */
	memcpy(cells, state->cells, count * sizeof *cells);
	state->cell_count = 0;
	for (uint32_t i = 0; i < count; i++) {
		if (code_is_in_object(code_number(cells[i].address)))
			keep_in_object(walk, &cells[i]);
		else if (state->cell_count < CODE_CELLS && is_local_kept(state, &cells[i]))
			state->cells[state->cell_count++] = cells[i];
	}
	for (size_t i = 0; i < sizeof lost; i++)
		state->registers[lost[i]] = CODE_UNKNOWN;
	state->known_flags = 0;
}

static void walk_call(struct walk *walk, struct code_value target)
{
	const struct code_walker *walker = walk->walker;
	struct code_value result;

	result = walker->calls(walker->argument, walk->state, target.known < 8 ? 0 : target.number);
	forget_after_call(walk);
	walk->state->registers[CODE_RAX] = result;
}

static void has_returned(struct walk *walk)
{
	if (walk->walker->returns)
		walk->walker->returns(walk->walker->argument, walk->state);
}

/* A callee reached by a jump returns in its place. */
static void walk_leave_function(struct walk *walk, struct code_value target)
{
	walk_call(walk, target);
	has_returned(walk);
}

/* From one place to the end of its path, or to a place reached before. */
static void take_way(struct walk *walk, uint64_t address, size_t *steps)
{
	const struct code_walker *walker = walk->walker;
	const struct code_observer observer = { walk_constant, access_memory, walk };
	struct x86_instruction instruction;

	walk->ended = false;
	while (!walk->ended) {
		struct code_step step;
		const uint8_t *code;
		size_t room;

		code = code_bytes_at(walk, address, false, &room);
		if (!code || !x86_decode(code, room, &instruction) || ++*steps > MAX_STEPS) {
			walk->end = CODE_GAVE_UP;
			return;
		}
		walk->at = address;
		if (walker->steps)
			walker->steps(walker->argument, address);
		address += instruction.length;
		step = x86_execute(walk->state, &instruction, address, &observer);
		if (walk->state->lost && walker->loses)
			walker->loses(walker->argument);
		walk->state->lost = false;
		if (walk->ended || step.flow == CODE_ENDS)
			return;
		if (step.flow == CODE_RETURNS) {
			has_returned(walk);
			return;
		}
		if (step.flow == CODE_CALLS) {
			walk_call(walk, step.target);
		} else if (step.flow == CODE_MAY_JUMP) {
			walk_add_way(walk, address, walk->state);
			walk_add_way(walk, step.target.number, walk->state);
			return;
		} else if (step.flow == CODE_LEAVES) {
			walk_leave_function(walk, step.target);
			return;
		} else if (step.flow == CODE_JUMPS) {
			if (step.target.known < 8)
				walk->end = CODE_GAVE_UP;
			else if (walker->belongs(walker->argument, step.target.number))
				walk_add_way(walk, step.target.number, walk->state);
			else
				walk_leave_function(walk, step.target);
			return;
		}
	}
}

static void ignore_access(void *argument, uint64_t address, unsigned size,
			  const struct code_value *stored)
{
	(void)argument;
	(void)address;
	(void)size;
	(void)stored;
}

struct code_value code_result(const struct elf_file *object, uint64_t address)
{
	const struct code_walker walker = { .object = object };
	struct walk walk = { .walker = &walker };
	const struct code_observer observer = { walk_constant, ignore_access, &walk };
	struct code_state state = { .registers[CODE_RSP] = code_number(CODE_STACK) };
	struct x86_instruction instruction;

	for (int steps = 0; steps < MAX_SHORT; steps++) {
		struct code_step step;
		const uint8_t *code;
		size_t room;

		code = code_bytes_at(&walk, address, false, &room);
		if (!code || !x86_decode(code, room, &instruction))
			break;
		address += instruction.length;
		step = x86_execute(&state, &instruction, address, &observer);
		if (step.flow == CODE_RETURNS)
			return state.registers[CODE_RAX];
		if (step.flow != CODE_GOES_ON)
			break;
	}
	return CODE_UNKNOWN;
}

enum code_walk_end code_walk(const struct code_walker *walker, uint64_t begin,
			     const struct code_state *state)
{
	struct walk walk = { .walker = walker };
	struct code_state now;
	struct place *place;
	size_t steps = 0;

	obstack_init(&walk.memory);
	walk_add_way(&walk, begin, state);
	while (walk.way_count && steps <= MAX_STEPS) {
		struct way way = walk.ways[--walk.way_count];

		now = *way.state;
		walk.state = &now;
		walk.from = way.from;
		take_way(&walk, way.address, &steps);
	}
	for (place = walk.places; place; place = place->hh.next)
		free(place->states);
	HASH_CLEAR(hh, walk.places);
	free(walk.ways);
	obstack_free(&walk.memory, NULL);
	return walk.end;
}
