#include "code_state.h"

#include <string.h>

struct code_value code_load(const struct code_state *state, uint64_t address, unsigned size)
{
	for (uint32_t i = 0; i < state->cell_count; i++) {
		const struct code_cell *cell = &state->cells[i];
		uint64_t skipped = address - cell->address, known = cell->size - skipped;

		if (address < cell->address || skipped >= cell->size)
			continue;
		if (known > size)
			known = size;
		return (struct code_value){ (uint8_t)known, cell->number >> 8 * skipped &
								    code_mask((unsigned)known) };
	}
	return CODE_UNKNOWN;
}

static void code_state_insert(struct code_state *state, const struct code_cell *cell)
{
	uint32_t at = 0;

	if (state->cell_count == CODE_CELLS)
		return;
	while (at < state->cell_count && state->cells[at].address < cell->address)
		at++;
	memmove(&state->cells[at + 1], &state->cells[at],
		(state->cell_count - at) * sizeof *state->cells);
	state->cells[at] = *cell;
	state->cell_count++;
}

void code_forget(struct code_state *state, uint64_t low, uint64_t high)
{
	struct code_cell behind = { 0 };
	uint32_t kept = 0;

	for (uint32_t i = 0; i < state->cell_count; i++) {
		struct code_cell cell = state->cells[i];
		uint64_t end = cell.address + cell.size;

		if (cell.address < high && end > low) {
			if (end > high)
				behind = (struct code_cell){
					high, end - high, cell.number >> 8 * (high - cell.address)
				};
			if (cell.address >= low)
				continue;
			cell.size = low - cell.address;
			cell.number &= code_mask((unsigned)cell.size);
		}
		state->cells[kept++] = cell;
	}
	state->cell_count = kept;
	if (behind.size)
		code_state_insert(state, &behind);
}

void code_store(struct code_state *state, uint64_t address, unsigned size, struct code_value value)
{
	const struct code_cell cell = { address, size, value.number & code_mask(size) };

	code_forget(state, address, address + size);
	if (value.known >= size)
		code_state_insert(state, &cell);
}

static bool has_cell(const struct code_state *state, const struct code_cell *cell)
{
	struct code_value value = code_load(state, cell->address, (unsigned)cell->size);

	return value.known >= cell->size && value.number == cell->number;
}

/* Whether everything known of `less` is known of `more` as well. */
static bool code_value_agrees(struct code_value less, struct code_value more)
{
	return less.known <= more.known && !((less.number ^ more.number) & code_mask(less.known));
}

bool code_state_covers(const struct code_state *known, const struct code_state *state)
{
	for (int i = 0; i < CODE_REGISTERS; i++)
		if (!code_value_agrees(known->registers[i], state->registers[i]))
			return false;
	if (known->has_own_argument && !state->has_own_argument)
		return false;
	if (known->known_flags & ~state->known_flags ||
	    (known->flags ^ state->flags) & known->known_flags)
		return false;
	for (uint32_t i = 0; i < known->cell_count; i++)
		if (!has_cell(state, &known->cells[i]))
			return false;
	return true;
}

void code_state_enter(struct code_state *state, int object_register)
{
	state->registers[object_register] = code_number(CODE_OBJECT);
	state->registers[CODE_RSP] = code_number(CODE_STACK - 8);
}

void code_state_join(struct code_state *state, const struct code_state *other)
{
	uint32_t kept = 0;

	for (int i = 0; i < CODE_REGISTERS; i++) {
		struct code_value *mine = &state->registers[i];

		if (mine->known > other->registers[i].known)
			mine->known = other->registers[i].known;
		if (!code_value_agrees(*mine, other->registers[i]))
			*mine = CODE_UNKNOWN;
	}
	state->has_own_argument &= other->has_own_argument;
	state->known_flags &= other->known_flags & (uint8_t) ~(state->flags ^ other->flags);
	state->flags &= state->known_flags;
	for (uint32_t i = 0; i < state->cell_count; i++)
		if (has_cell(other, &state->cells[i]))
			state->cells[kept++] = state->cells[i];
	state->cell_count = kept;
}
