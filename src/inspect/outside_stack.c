#include "outside_stack.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "contract/trace_format.h"
#include "process_file.h"
#include "process_image.h"
#include "shared/arch/arch.h"
#include "shared/arch/code_shapes.h"
#include "support/memory.h"
#include "trace_file.h"

#define STACK_BYTES (256 * 1024) /* bytes of a stack that are read */

struct outside {
	pid_t pid;
	const struct process_memory *memory;
	const struct process_image *image; /* NULL: a watched process */
	Dwfl *dwfl;
	uint8_t *stack;
	uint64_t low, high; /* the available part of the stack */
};

/* A frame on the way outwards. */
struct place {
	uint64_t pc; /* of the current instruction, or within the call */
	uint64_t sp, bp;
	bool bp_known;
};

struct outside *outside_create(pid_t pid, const struct process_memory *memory)
{
	struct outside *outside = memory_get(sizeof *outside);

	outside->pid = pid;
	outside->memory = memory;
	outside->stack = memory_get(STACK_BYTES);
	return outside;
}

struct outside *outside_create_of(const struct trace_file *trace,
				  const struct process_memory *memory)
{
	struct outside *outside = outside_create(trace->header->pid, memory);

	outside->image = trace->image;
	return outside;
}

static void forget_modules(struct outside *outside)
{
	if (outside->dwfl)
		dwfl_end(outside->dwfl);
	outside->dwfl = NULL;
}

void outside_destroy(struct outside *outside)
{
	if (!outside)
		return;
	forget_modules(outside);
	free(outside->stack);
	free(outside);
}

/* By the files that were found: a container's lie elsewhere here. */
static bool report_image(const struct outside *outside)
{
	for (size_t i = 0; i < outside->image->module_count; i++) {
		const struct image_module *module = &outside->image->modules[i];

		if (module->file)
			dwfl_report_elf(outside->dwfl, module->path, module->file, -1, module->base,
					true);
	}
	return !dwfl_report_end(outside->dwfl, NULL, NULL);
}

static bool read_modules(struct outside *outside)
{
	static char *debug_path;
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_linux_proc_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.debuginfo_path = &debug_path,
	};

	FILE *maps;
	bool read = false;

	/* The objects of an image do not change. */
	if (outside->image && outside->dwfl)
		return false;
	forget_modules(outside);
	outside->dwfl = dwfl_begin(&callbacks);
	if (outside->image)
		return outside->dwfl && report_image(outside);
	maps = outside->dwfl ? process_maps(outside->pid) : NULL;
	if (maps) {
		read = !dwfl_linux_proc_maps_report(outside->dwfl, maps) &&
		       !dwfl_report_end(outside->dwfl, NULL, NULL);
		fclose(maps);
	}
	return read;
}

static Dwfl_Module *module_at(struct outside *outside, uint64_t address)
{
	Dwfl_Module *module = outside->dwfl ? dwfl_addrmodule(outside->dwfl, address) : NULL;

	/* Loaded since then, or never read. */
	if (!module && read_modules(outside))
		module = dwfl_addrmodule(outside->dwfl, address);
	return module;
}

static size_t outside_read_memory(const struct outside *outside, uint64_t address, void *to,
				  size_t size)
{
	return process_memory_read(outside->memory, address, to, size);
}

/* A read fails as a whole if its last page is missing: read page by page, up to the end of the
 * stack. */
static void read_stack(struct outside *outside, uint64_t sp)
{
	size_t done = 0, got, part;

	do {
		part = 4096 - (sp + done) % 4096;
		if (done + part > STACK_BYTES)
			break;
		got = outside_read_memory(outside, sp + done, outside->stack + done, part);
		done += got;
	} while (got == part);
	outside->low = sp;
	outside->high = sp + done;
}

static bool outside_load(const struct outside *outside, uint64_t address, uint64_t *value)
{
	if (address < outside->low || address + ARCH_WORD > outside->high)
		return false;
	memcpy(value, outside->stack + (address - outside->low), ARCH_WORD);
	return true;
}

static bool is_behind_call(struct outside *outside, uint64_t address)
{
	uint8_t code[CODE_BEFORE_RETURN];

	return address >= 0x10000 && dwfl_addrmodule(outside->dwfl, address - 1) &&
	       outside_read_memory(outside, address - sizeof code, code, sizeof code) ==
		       sizeof code &&
	       code_ends_in_call(code);
}

/* base register + offset; false for any other rule. */
static bool cfa_rule(Dwarf_Frame *frame, unsigned *base, int64_t *offset)
{
	Dwarf_Op *ops;
	size_t count;

	if (dwarf_frame_cfa(frame, &ops, &count) || count != 1)
		return false;
	if (ops->atom >= DW_OP_breg0 && ops->atom <= DW_OP_breg31) {
		*base = ops->atom - DW_OP_breg0;
		*offset = (int64_t)ops->number;
	} else if (ops->atom == DW_OP_bregx) {
		*base = (unsigned)ops->number;
		*offset = (int64_t)ops->number2;
	} else {
		return false;
	}
	return *base == ARCH_DWARF_BP || *base == ARCH_DWARF_SP;
}

static void restore_frame_pointer(struct outside *outside, Dwarf_Frame *frame, uint64_t cfa,
				  struct place *place)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	if (dwarf_frame_register(frame, ARCH_DWARF_BP, memory, &ops, &count))
		return;
	if (!count && !ops) /* as it was */
		return;
	place->bp_known = count == 2 && ops[0].atom == DW_OP_call_frame_cfa &&
			  ops[1].atom == DW_OP_plus_uconst &&
			  outside_load(outside, cfa + ops[1].number, &place->bp);
}

/* The outermost function has no caller. */
static bool is_outermost(Dwarf_Frame *frame)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	return frame && !dwarf_frame_register(frame, ARCH_DWARF_RA, memory, &ops, &count) &&
	       !count && ops;
}

static Dwarf_Frame *frame_at(struct outside *outside, uint64_t pc)
{
	Dwfl_Module *module = module_at(outside, pc);
	Dwarf_Addr bias;
	Dwarf_CFI *cfi = module ? dwfl_module_eh_cfi(module, &bias) : NULL;
	Dwarf_Frame *frame;

	return cfi && !dwarf_cfi_addrframe(cfi, pc - bias, &frame) ? frame : NULL;
}

#define SETUP_SIZE 64 /* bytes of code that set up a frame */
#define SETUP_ROWS 32 /* rows of call frame information up to the end of that code */

/* A row of call frame information, and the instructions to which it applies. */
struct frame_row {
	uint64_t start, end;
	unsigned base;
	int64_t offset;
	bool saves_bp;
};

static bool read_frame_row(struct outside *outside, uint64_t pc, struct frame_row *row)
{
	Dwarf_Frame *frame = frame_at(outside, pc);
	Dwarf_Addr bias = 0;
	Dwarf_Op memory[3], *ops;
	size_t count;
	bool signal, known = frame && dwfl_module_eh_cfi(module_at(outside, pc), &bias) &&
			     cfa_rule(frame, &row->base, &row->offset) &&
			     dwarf_frame_info(frame, &row->start, &row->end, &signal) >= 0;

	row->start += bias;
	row->end += bias;
	row->saves_bp =
		known && !dwarf_frame_register(frame, ARCH_DWARF_BP, memory, &ops, &count) && count;
	free(frame);
	return known;
}

/* Whether the row's code is the one instruction that sets the frame pointer. */
static bool sets_frame_pointer(struct outside *outside, const struct frame_row *row)
{
	uint8_t code[CODE_SETS_FRAME];

	return row->end - row->start == sizeof code &&
	       outside_read_memory(outside, row->start, code, sizeof code) == sizeof code &&
	       code_sets_frame_pointer(code);
}

/*
 * The address after the instruction that sets the frame pointer of the function around `pc`. 0:
 * unknown. Between the two the function may return, with rows of their own; its first row saves
 * nothing yet.
 */
static uint64_t frame_pointer_set(struct outside *outside, uint64_t pc)
{
	uint64_t set = 0;
	bool adjacent = true;
	struct frame_row row = { 0 };

	for (int i = 0; i < SETUP_ROWS && read_frame_row(outside, pc, &row); i++) {
		if (row.base == ARCH_DWARF_SP && sets_frame_pointer(outside, &row))
			return row.end;
		if (row.base == ARCH_DWARF_SP && !row.saves_bp)
			break;
		adjacent &= row.base == ARCH_DWARF_BP;
		if (adjacent)
			set = row.start;
		pc = row.start - 1;
	}
	return set;
}

static bool take_frame_pointer(struct outside *outside, struct place *place, uint64_t at)
{
	uint64_t back;

	if (!outside_load(outside, at + ARCH_WORD, &back) || !is_behind_call(outside, back))
		return false;
	place->bp = at;
	place->bp_known = true;
	return true;
}

/* Computes it as an offset from the stack pointer, from the code that set it. */
static bool compute_frame_pointer(struct outside *outside, struct place *place)
{
	uint64_t set = frame_pointer_set(outside, place->pc);
	uint8_t code[SETUP_SIZE];

	return set && outside_read_memory(outside, set, code, sizeof code) == sizeof code &&
	       take_frame_pointer(outside, place, place->sp + code_stack_growth(code, sizeof code));
}

/* The saved frame pointer and the return address of a frame whose function set up a frame pointer.
 * The saved value may be any number if the caller uses no frame pointer. */
static bool search_frame_pointer(struct outside *outside, struct place *place)
{
	uint64_t saved;

	if (compute_frame_pointer(outside, place))
		return true;
	for (uint64_t at = place->sp; outside_load(outside, at, &saved); at += ARCH_WORD)
		if ((!saved || saved > at) && saved % ARCH_WORD == 0 &&
		    saved <= outside->high + (1 << 20) && take_frame_pointer(outside, place, at))
			return true;
	return false;
}

static bool outside_step(struct outside *outside, struct place *place)
{
	Dwarf_Frame *frame = frame_at(outside, place->pc);
	unsigned base = ARCH_DWARF_BP;
	int64_t offset = 2 * ARCH_WORD;
	uint64_t cfa, back;

	if (is_outermost(frame) || (frame && !cfa_rule(frame, &base, &offset))) {
		free(frame);
		return false;
	}
	/* Without call frame information the register may hold anything. */
	if (!frame && place->bp_known)
		place->bp_known = outside_load(outside, place->bp + ARCH_WORD, &back) &&
				  is_behind_call(outside, back);
	if (base == ARCH_DWARF_BP && !place->bp_known && !search_frame_pointer(outside, place)) {
		free(frame);
		return false;
	}
	cfa = (base == ARCH_DWARF_BP ? place->bp : place->sp) + (uint64_t)offset;
	if (cfa <= place->sp || !outside_load(outside, cfa - ARCH_WORD, &back) || !back) {
		free(frame);
		return false;
	}
	if (frame)
		restore_frame_pointer(outside, frame, cfa, place);
	else
		place->bp_known = outside_load(outside, cfa - 2 * ARCH_WORD, &place->bp);
	free(frame);
	place->sp = cfa;
	place->pc = back - 1;
	return true;
}

size_t outside_frames(struct outside *outside, const struct thread_wait *wait,
		      struct outside_frame *frames, size_t max)
{
	/* The address is after the call instruction, or that of the faulting instruction. */
	bool faulted = wait->system_call == UINT32_MAX;
	struct place place = {
		.pc = wait->pc - !faulted,
		.sp = wait->sp,
		.bp = wait->bp,
		.bp_known = wait->bp_known,
	};
	size_t count = 0;

	if (!wait->pc || (!outside->dwfl && !read_modules(outside)))
		return 0;
	read_stack(outside, wait->sp);
	if (outside->high == outside->low)
		return 0;
	do
		frames[count++] = (struct outside_frame){
			.pc = place.pc + 1,
			.sp = place.sp,
			.bp = place.bp,
			.bp_known = place.bp_known,
		};
	while (count < max && outside_step(outside, &place));
	return count;
}

size_t outside_stack(struct outside *outside, const struct thread_wait *wait, uint64_t *frames,
		     size_t max)
{
	struct outside_frame places[TRACE_MAX_FRAMES];
	size_t count = outside_frames(outside, wait, places,
				      max < TRACE_MAX_FRAMES ? max : TRACE_MAX_FRAMES);

	for (size_t i = 0; i < count; i++)
		frames[i] = places[i].pc;
	return count;
}
