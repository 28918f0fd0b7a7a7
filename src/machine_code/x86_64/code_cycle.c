#include "machine_code/code_cycle.h"

#include <string.h>

#include "support/hash.h"
#include "symbols/elf_file.h"
#include "shared/arch/x86_64/x86_instruction.h"

#define MAX_FOLLOWED	  50000
#define MAX_WAYS	  4096
#define STUB_INSTRUCTIONS 3 /* in an entry of the procedure linkage table */

#define NEAR_CALL	  0xe8

struct place {
	uint64_t address;
	UT_hash_handle hh;
};

/* The last section of code used. */
struct code {
	const struct elf_file *object;
	const uint8_t *bytes;
	size_t size;
	uint64_t address;
};

struct cycle {
	struct code code;
	struct place *seen;
	size_t seen_count;
	struct place places[MAX_WAYS];
	uint64_t ways[MAX_WAYS]; /* still to be taken */
	size_t way_count;
};

static bool code_find_section(struct code *code, uint64_t address)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(code->object->elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_PROGBITS ||
		    !(header.sh_flags & SHF_EXECINSTR) || address < header.sh_addr ||
		    address - header.sh_addr >= header.sh_size)
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || !data->d_buf || address - header.sh_addr >= data->d_size)
			return false;
		code->bytes = data->d_buf;
		code->size = data->d_size;
		code->address = header.sh_addr;
		return true;
	}
	return false;
}

/* False if there is no code. */
static bool cycle_decode(struct code *code, uint64_t address, struct x86_instruction *instruction)
{
	uint64_t offset = address - code->address;

	if (!code->bytes || address < code->address || offset >= code->size) {
		if (!code_find_section(code, address))
			return false;
		offset = address - code->address;
	}
	return x86_decode(code->bytes + offset, code->size - offset, instruction);
}

static bool never_returns(const char *name)
{
	static const char *const names[] = {
		"exit",		  "_exit",
		"_Exit",	  "quick_exit",
		"abort",	  "__assert_fail",
		"__assert",	  "__stack_chk_fail",
		"pthread_exit",	  "thrd_exit",
		"longjmp",	  "_longjmp",
		"siglongjmp",	  "__longjmp_chk",
		"__fortify_fail", "__chk_fail",
		"__cxa_throw",	  "__cxa_rethrow",
		"_Unwind_Resume", "err",
		"errx",		  "verr",
		"verrx",	  "_ZSt9terminatev",
		"g_error",	  "__cxa_throw_bad_array_new_length",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return true;
	return !strncmp(name, "_ZSt", 4) && strstr(name, "__throw_");
}

/* The symbol whose address the dynamic linker stores there; NULL: none. */
static const char *import_at(const struct elf_file *object, uint64_t slot)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header, symbols;

	while ((section = elf_nextscn(object->elf, section))) {
		Elf_Data *data, *table;
		GElf_Rela relocation;
		GElf_Sym symbol;
		size_t count;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA ||
		    !header.sh_entsize || !(header.sh_flags & SHF_ALLOC))
			continue;
		data = elf_getdata(section, NULL);
		count = data ? header.sh_size / header.sh_entsize : 0;
		for (size_t i = 0; i < count; i++) {
			Elf_Scn *linked;

			if (!gelf_getrela(data, (int)i, &relocation) || relocation.r_offset != slot)
				continue;
			linked = elf_getscn(object->elf, header.sh_link);
			table = linked ? elf_getdata(linked, NULL) : NULL;
			if (!table || !gelf_getshdr(linked, &symbols) ||
			    !gelf_getsym(table, (int)GELF_R_SYM(relocation.r_info), &symbol))
				return NULL;
			return elf_strptr(object->elf, symbols.sh_link, symbol.st_name);
		}
	}
	return NULL;
}

/* The slot of an indirect call or jump with a fixed address; 0: it is another instruction. */
static uint64_t slot_of(const struct x86_instruction *instruction, uint64_t next, int operation)
{
	if (instruction->map != X86_ONE_BYTE || instruction->opcode != 0xff ||
	    (instruction->reg & 7) != operation || !instruction->is_memory ||
	    instruction->base != X86_RIP)
		return 0;
	return next + (uint64_t)instruction->displacement;
}

static bool call_returns(const struct elf_file *object, const struct x86_instruction *call,
			 uint64_t next)
{
	uint64_t slot = slot_of(call, next, 2), at = next + (uint64_t)call->immediate;
	struct x86_instruction stub;
	struct code code = { .object = object };
	const char *name;

	/* We know no noreturn functions among the program's own. */
	for (int i = 0; !slot && call->opcode == NEAR_CALL && i < STUB_INSTRUCTIONS; i++) {
		if (!cycle_decode(&code, at, &stub))
			break;
		at += stub.length;
		slot = slot_of(&stub, at, 4);
	}
	name = slot ? import_at(object, slot) : NULL;
	return !name || !never_returns(name);
}

static void cycle_add_way(struct cycle *cycle, uint64_t address)
{
	struct place *place;

	HASH_FIND(hh, cycle->seen, &address, sizeof address, place);
	if (place || cycle->seen_count == MAX_WAYS || cycle->way_count == MAX_WAYS)
		return;
	place = &cycle->places[cycle->seen_count++];
	place->address = address;
	HASH_ADD(hh, cycle->seen, address, sizeof place->address, place);
	cycle->ways[cycle->way_count++] = address;
}

enum course { PATH_GOES_ON, PATH_CALLS, PATH_ENDS };

/* What an instruction does to the path that it is on; notes the other way of a branch. */
static enum course path_course(struct cycle *cycle, const struct x86_instruction *instruction,
			       uint64_t next)
{
	uint8_t opcode = instruction->opcode;
	int operation = instruction->reg & 7;
	uint64_t target = next + (uint64_t)instruction->immediate;

	if (instruction->map == X86_0F) {
		if ((opcode & 0xf0) == 0x80)
			cycle_add_way(cycle, target);
		return opcode == 0x0b /* ud2 */ ? PATH_ENDS : PATH_GOES_ON;
	}
	if (instruction->map != X86_ONE_BYTE)
		return PATH_GOES_ON;
	if (opcode == NEAR_CALL || (opcode == 0xff && operation == 2))
		return PATH_CALLS;
	switch (opcode) {
	case 0xe9:
	case 0xeb:
		cycle_add_way(cycle, target);
		return PATH_ENDS;
	case 0xc2:
	case 0xc3:
	case 0xcc:
	case 0xf4:
		return PATH_ENDS;
	case 0xff: /* a jump by a pointer */
		return operation == 4 || operation == 5 ? PATH_ENDS : PATH_GOES_ON;
	default:
		if ((opcode & 0xf0) == 0x70 || (opcode >= 0xe0 && opcode <= 0xe3))
			cycle_add_way(cycle, target);
		return PATH_GOES_ON;
	}
}

/* Follows one path to its end, or to the call. */
static bool cycle_follow(struct cycle *cycle, uint64_t at, uint64_t to, unsigned *steps)
{
	struct x86_instruction instruction;

	while (++*steps < MAX_FOLLOWED && cycle_decode(&cycle->code, at, &instruction)) {
		uint64_t next = at + instruction.length;

		if (next <= at)
			return false;
		at = next;
		switch (path_course(cycle, &instruction, next)) {
		case PATH_GOES_ON:
			break;
		case PATH_CALLS:
			if (next == to)
				return true;
			if (!call_returns(cycle->code.object, &instruction, next))
				return false;
			break;
		case PATH_ENDS:
			return false;
		}
	}
	return false;
}

bool code_comes_to(const struct elf_file *object, uint64_t from, uint64_t to)
{
	struct cycle *cycle;
	unsigned steps = 0;
	bool found = false;

	if (!object || !object->elf)
		return false;
	cycle = memory_get(sizeof *cycle);
	cycle->code.object = object;
	cycle_add_way(cycle, from);
	while (!found && cycle->way_count && steps < MAX_FOLLOWED)
		found = cycle_follow(cycle, cycle->ways[--cycle->way_count], to, &steps);
	HASH_CLEAR(hh, cycle->seen);
	free(cycle);
	return found;
}

bool code_leads_to(const struct elf_file *object, uint64_t begin, uint64_t end, uint64_t to)
{
	struct x86_instruction instruction;
	struct code code = { .object = object };

	for (uint64_t at = begin; at < end && cycle_decode(&code, at, &instruction);) {
		bool calls = instruction.map == X86_ONE_BYTE &&
			     (instruction.opcode == NEAR_CALL ||
			      (instruction.opcode == 0xff && (instruction.reg & 7) == 2));

		at += instruction.length;
		if (calls && code_comes_to(object, at, to) && !code_comes_to(object, to, at))
			return true;
	}
	return false;
}
