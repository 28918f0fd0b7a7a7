#include "cfi_row.h"

#include "cfi_expression.h"

#define REMEMBERED 4 /* compilers nest them once */

/* The upper two bits alone, or all eight (DWARF 5, 7.24). */
enum instruction {
	ADVANCE_LOC = 0x40,
	OFFSET = 0x80,
	RESTORE = 0xc0,
	PACKED = 0xc0,	/* mask */
	OPERAND = 0x3f, /* mask */

	NOP = 0x00,
	SET_LOC = 0x01,
	ADVANCE_LOC1 = 0x02,
	ADVANCE_LOC2 = 0x03,
	ADVANCE_LOC4 = 0x04,
	OFFSET_EXTENDED = 0x05,
	RESTORE_EXTENDED = 0x06,
	UNDEFINED = 0x07,
	SAME_VALUE = 0x08,
	REGISTER = 0x09,
	REMEMBER_STATE = 0x0a,
	RESTORE_STATE = 0x0b,
	DEF_CFA = 0x0c,
	DEF_CFA_REGISTER = 0x0d,
	DEF_CFA_OFFSET = 0x0e,
	DEF_CFA_EXPRESSION = 0x0f,
	EXPRESSION = 0x10,
	OFFSET_EXTENDED_SF = 0x11,
	DEF_CFA_SF = 0x12,
	DEF_CFA_OFFSET_SF = 0x13,
	VAL_OFFSET = 0x14,
	VAL_OFFSET_SF = 0x15,
	VAL_EXPRESSION = 0x16,
	GNU_ARGS_SIZE = 0x2e,
	GNU_NEGATIVE_OFFSET_EXTENDED = 0x2f,
};

struct run {
	const struct eh_frame_entry *entry;
	struct cfi_reader *reader;
	uintptr_t place; /* the code address that the next instructions hold from */
	struct cfi_row row;
	struct cfi_row *initial; /* the CIE's row; NULL while that is made */
	struct cfi_row remembered[REMEMBERED];
	unsigned depth;
	bool failed;
};

/* NULL for registers that nobody asks for. */
static struct cfi_column *column_of(const struct run *run, struct cfi_row *row, uint64_t number)
{
	if (number == CFI_RBP)
		return &row->bp;
	return number == run->entry->return_column ? &row->return_address : NULL;
}

static void set(struct run *run, uint64_t number, int how, int64_t offset)
{
	struct cfi_column *column = column_of(run, &run->row, number);

	if (column) {
		column->how = how;
		column->offset = offset;
	}
}

static void restore(struct run *run, uint64_t number)
{
	struct cfi_column *column = column_of(run, &run->row, number);

	if (!run->initial)
		run->failed = true;
	else if (column)
		*column = *column_of(run, run->initial, number);
}

static int64_t factored(const struct run *run, uint64_t offset)
{
	return (int64_t)(offset * (uint64_t)run->entry->data_align);
}

static void advance(struct run *run, uint64_t delta)
{
	run->place += delta * run->entry->code_align;
}

static struct cfi_block block_of(struct cfi_reader *reader)
{
	size_t size = cfi_uleb(reader);
	struct cfi_block block = { reader->at, size };

	cfi_skip(reader, size);
	return block;
}

static void set_expression(struct run *run, int how)
{
	struct cfi_column *column = column_of(run, &run->row, cfi_uleb(run->reader));
	struct cfi_block block = block_of(run->reader);

	if (column) {
		column->how = how;
		column->block = block;
	}
}

static void define_cfa(struct run *run, uint64_t number, int64_t offset)
{
	run->row.cfa.how = CFI_REGISTER_OFFSET;
	run->row.cfa.number = (uint32_t)number;
	run->row.cfa.offset = offset;
}

static void define_cfa_expression(struct run *run)
{
	run->row.cfa.how = CFI_EXPRESSION;
	run->row.cfa.block = block_of(run->reader);
}

static void remember(struct run *run)
{
	if (run->depth < REMEMBERED)
		run->remembered[run->depth++] = run->row;
	else
		run->failed = true;
}

static void recall(struct run *run)
{
	if (run->depth)
		run->row = run->remembered[--run->depth];
	else
		run->failed = true;
}

/* Where the CFA is, or the address that what follows holds from. */
static bool run_cfa(struct run *run, uint8_t instruction)
{
	struct cfi_reader *reader = run->reader;
	uint64_t number;

	switch (instruction) {
	case SET_LOC:
		run->place = cfi_pointer(reader, run->entry->encoding);
		return true;
	case ADVANCE_LOC1:
		advance(run, cfi_u8(reader));
		return true;
	case ADVANCE_LOC2:
		advance(run, cfi_u16(reader));
		return true;
	case ADVANCE_LOC4:
		advance(run, cfi_u32(reader));
		return true;
	case DEF_CFA:
		number = cfi_uleb(reader);
		define_cfa(run, number, (int64_t)cfi_uleb(reader));
		return true;
	case DEF_CFA_SF:
		number = cfi_uleb(reader);
		define_cfa(run, number, factored(run, (uint64_t)cfi_sleb(reader)));
		return true;
	case DEF_CFA_REGISTER:
		run->row.cfa.number = (uint32_t)cfi_uleb(reader);
		return true;
	case DEF_CFA_OFFSET:
		run->row.cfa.offset = (int64_t)cfi_uleb(reader);
		return true;
	case DEF_CFA_OFFSET_SF:
		run->row.cfa.offset = factored(run, (uint64_t)cfi_sleb(reader));
		return true;
	case DEF_CFA_EXPRESSION:
		define_cfa_expression(run);
		return true;
	}
	return false;
}

/* Where a register is, and the rest. */
static bool run_register(struct run *run, uint8_t instruction)
{
	struct cfi_reader *reader = run->reader;
	uint64_t number;

	switch (instruction) {
	case NOP:
		return true;
	case OFFSET_EXTENDED:
		number = cfi_uleb(reader);
		set(run, number, CFI_AT_CFA, factored(run, cfi_uleb(reader)));
		return true;
	case OFFSET_EXTENDED_SF:
		number = cfi_uleb(reader);
		set(run, number, CFI_AT_CFA, factored(run, (uint64_t)cfi_sleb(reader)));
		return true;
	case GNU_NEGATIVE_OFFSET_EXTENDED:
		number = cfi_uleb(reader);
		set(run, number, CFI_AT_CFA, -factored(run, cfi_uleb(reader)));
		return true;
	case RESTORE_EXTENDED:
		restore(run, cfi_uleb(reader));
		return true;
	case UNDEFINED:
		set(run, cfi_uleb(reader), CFI_UNDEFINED, 0);
		return true;
	case SAME_VALUE:
		set(run, cfi_uleb(reader), CFI_SAME, 0);
		return true;
	case REGISTER:
	case VAL_OFFSET:
	case VAL_OFFSET_SF:
		number = cfi_uleb(reader);
		cfi_uleb(reader);
		set(run, number, CFI_ELSEWHERE, 0);
		return true;
	case EXPRESSION:
		set_expression(run, CFI_AT_EXPRESSION);
		return true;
	case VAL_EXPRESSION:
		set_expression(run, CFI_ELSEWHERE);
		return true;
	case REMEMBER_STATE:
		remember(run);
		return true;
	case RESTORE_STATE:
		recall(run);
		return true;
	case GNU_ARGS_SIZE:
		cfi_uleb(reader);
		return true;
	}
	return false;
}

static bool run_one(struct run *run)
{
	uint8_t instruction = cfi_u8(run->reader);
	uint8_t operand = instruction & OPERAND;

	switch (instruction & PACKED) {
	case ADVANCE_LOC:
		advance(run, operand);
		return true;
	case OFFSET:
		set(run, operand, CFI_AT_CFA, factored(run, cfi_uleb(run->reader)));
		return true;
	case RESTORE:
		restore(run, operand);
		return true;
	}
	return run_cfa(run, instruction) || run_register(run, instruction);
}

/* Runs instructions as long as they hold at or before the address. */
static bool run_until(struct run *run, struct cfi_reader *reader, uintptr_t address)
{
	run->reader = reader;
	while (reader->at < reader->end && run->place <= address)
		if (!run_one(run) || run->failed || reader->failed)
			return false;
	return true;
}

bool cfi_row_at(const struct eh_frame_entry *entry, uintptr_t address, struct cfi_row *row)
{
	struct cfi_reader initial = entry->initial, program = entry->program;
	struct run run = { .entry = entry, .place = entry->start };
	struct cfi_row first;

	if (!run_until(&run, &initial, address))
		return false;
	first = run.row;
	run.initial = &first;
	if (!run_until(&run, &program, address))
		return false;
	*row = run.row;
	return true;
}
