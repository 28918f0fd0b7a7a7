#include "unwind_rule.h"

#include <string.h>

#include "cfi_expression.h"
#include "cfi_row.h"
#include "eh_frame.h"

#define GUESS		      ((uint64_t)(UNWIND_ODD | UNWIND_GUESS))
#define RETURN_ADDRESS_OFFSET -8
#define MAX_ADDED	      (0x7f * 8)

/* A saved frame pointer out of reach: at CFA + 0 none can be, so that it is taken for lost. */
#define LOST 0

/*
 * What a signal handler returns to: it has call frame information in glibc, none in other places,
 * and is known by its code everywhere, to debuggers too: mov $__NR_rt_sigreturn, %rax (or %eax);
 * syscall.
 */
static bool is_sigreturn(const struct module *module, uintptr_t address)
{
	static const uint8_t codes[][9] = {
		{ 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 },
		{ 0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 },
	};
	static const uint8_t sizes[] = { 9, 7 };
	uintptr_t end = module_readable_until(module, address);

	for (unsigned i = 0; end && i < sizeof sizes; i++)
		if (end - address >= sizes[i] && !memcmp((const void *)address, codes[i], sizes[i]))
			return true;
	return false;
}

static bool cfa_of(const struct cfi_row *row, uintptr_t address, struct cfi_value *cfa)
{
	if (row->cfa.how == CFI_EXPRESSION)
		return cfi_evaluate(row->cfa.block.at, row->cfa.block.size, address, cfa);
	*cfa = (struct cfi_value){ .offset = row->cfa.offset };
	if (row->cfa.number == CFI_RSP)
		cfa->base = CFI_FROM_RSP;
	else if (row->cfa.number == CFI_RBP)
		cfa->base = CFI_FROM_RBP;
	return true;
}

static uint64_t encode_bp(int64_t offset)
{
	if (offset != (int16_t)offset)
		offset = LOST;
	return UNWIND_BP_SAVED | (uint64_t)(uint16_t)offset << 16;
}

static uint64_t bp_of(const struct cfi_row *row, uintptr_t address, const struct cfi_value *cfa)
{
	const struct cfi_column *bp = &row->bp;
	struct cfi_value place;

	if (bp->how == CFI_SAME)
		return 0;
	if (bp->how == CFI_AT_CFA)
		return encode_bp(bp->offset);
	if (bp->how != CFI_AT_EXPRESSION ||
	    !cfi_evaluate(bp->block.at, bp->block.size, address, &place) || place.loaded ||
	    place.base != CFI_FROM_RBP)
		return encode_bp(LOST);
	if (cfa->loaded)
		return UNWIND_BP_AT_BP | encode_bp(place.offset);
	return encode_bp(cfa->base == CFI_FROM_RBP ? place.offset - cfa->offset : LOST);
}

static uint64_t encode(const struct cfi_row *row, uintptr_t address)
{
	struct cfi_value cfa;
	uint64_t rule;

	if (row->return_address.how == CFI_UNDEFINED)
		return UNWIND_ODD | UNWIND_LAST;
	if (row->return_address.how != CFI_AT_CFA ||
	    row->return_address.offset != RETURN_ADDRESS_OFFSET || !cfa_of(row, address, &cfa) ||
	    cfa.base == CFI_CONSTANT || cfa.offset != (int32_t)cfa.offset)
		return GUESS;
	rule = (uint64_t)(uint32_t)cfa.offset << 32;
	rule |= bp_of(row, address, &cfa);
	if (cfa.base == CFI_FROM_RBP)
		rule |= UNWIND_FROM_BP;
	if (cfa.loaded) {
		if (cfa.added < 0 || cfa.added % 8 || cfa.added > MAX_ADDED)
			return GUESS;
		rule |= UNWIND_ODD | UNWIND_LOADED | (uint64_t)cfa.added / 8 << 8;
	}
	return rule;
}

uint64_t unwind_rule_make(const struct module *module, uintptr_t address)
{
	struct eh_frame_entry entry;
	struct cfi_row row;

	/* A handler's return address is the first byte of the code that it returns to. */
	if (is_sigreturn(module, address + 1))
		return UNWIND_ODD | UNWIND_SIGNAL;
	if (!eh_frame_find(module, address, &entry) || !cfi_row_at(&entry, address, &row))
		return GUESS;
	return encode(&row, address);
}
