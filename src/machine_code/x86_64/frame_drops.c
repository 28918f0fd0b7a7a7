#include "machine_code/frame_drops.h"

#include "shared/arch/x86_64/x86_instruction.h"

#define MAX_DROP_STEPS	    256
#define LONGEST_INSTRUCTION 15 /* bytes of an instruction */
#define REGISTER_SP	    4
#define REGISTER_BP	    5
#define RSI		    6
#define RDI		    7
#define MOST_USED	    64
#define LARGEST_SIZE	    16 /* of a variable that is considered */

/* Places in the frame used on the path. */
struct used {
	struct {
		int8_t base;
		int64_t at;
	} places[MOST_USED];
	size_t count;
};

static bool is_used(const struct used *used, int8_t base, int64_t at)
{
	for (size_t i = 0; i < used->count; i++)
		if (used->places[i].base == base && used->places[i].at > at - LARGEST_SIZE &&
		    used->places[i].at < at + LARGEST_SIZE)
			return true;
	return false;
}

static bool is_of_frame(const struct x86_instruction *instruction)
{
	return instruction->is_memory && instruction->index == X86_NO_REGISTER &&
	       (instruction->base == REGISTER_SP || instruction->base == REGISTER_BP);
}

/* False: there were too many. */
static bool drops_use(struct used *used, const struct x86_instruction *instruction)
{
	if (!is_of_frame(instruction))
		return true;
	if (used->count == MOST_USED)
		return false;
	used->places[used->count].base = instruction->base;
	used->places[used->count++].at = instruction->displacement;
	return true;
}

static bool is_one(const struct x86_instruction *instruction, uint8_t opcode)
{
	return instruction->map == X86_ONE_BYTE && instruction->opcode == opcode;
}

/* Whether the path ends: at a branch, a return, a trap, or a change of the stack pointer. */
static bool ends_way(const struct x86_instruction *instruction)
{
	uint8_t opcode = instruction->opcode;

	if (instruction->map == X86_0F)
		return (opcode >= 0x80 && opcode <= 0x8f) || opcode == 0x0b;
	if (instruction->map != X86_ONE_BYTE)
		return false;
	if ((opcode >= 0x50 && opcode <= 0x5f) || (opcode >= 0x70 && opcode <= 0x7f) ||
	    (opcode >= 0xe0 && opcode <= 0xe3))
		return true;
	if ((opcode == 0x81 || opcode == 0x83) && !instruction->is_memory &&
	    instruction->rm == REGISTER_SP)
		return true;
	if (opcode == 0xff)
		return instruction->reg == 4 || instruction->reg == 6;
	return opcode == 0xc2 || opcode == 0xc3 || opcode == 0xc9 || opcode == 0xcc;
}

static bool drops_decode(frame_code *read, const void *argument, uint64_t pc,
			 struct x86_instruction *instruction)
{
	uint8_t code[LONGEST_INSTRUCTION];

	return read(argument, pc, code, sizeof code) && x86_decode(code, sizeof code, instruction);
}

/* lea VARIABLE, %rdi; call FUNCTION */
static bool take_drop(frame_code *read, const void *argument, uint64_t pc,
		      const struct x86_instruction *address, struct frame_drop *drop)
{
	struct x86_instruction call;

	if (!is_one(address, 0x8d) || address->reg != RDI || !is_of_frame(address) ||
	    !drops_decode(read, argument, pc + address->length, &call) || !is_one(&call, 0xe8))
		return false;
	*drop = (struct frame_drop){
		.by_frame_pointer = address->base == REGISTER_BP,
		.at = address->displacement,
		.function = pc + address->length + call.length + (uint64_t)call.immediate,
	};
	return true;
}

/* mov VARIABLE, %rdi; mov its second word, %rsi; call FUNCTION */
static bool take_move(frame_code *read, const void *argument, uint64_t pc,
		      const struct x86_instruction *first, struct frame_drop *drop)
{
	struct x86_instruction next;

	if (!is_one(first, 0x8b) || first->reg != RDI || !is_of_frame(first))
		return false;
	pc += first->length;
	if (!drops_decode(read, argument, pc, &next))
		return false;
	if (is_of_frame(&next) && next.base == first->base && next.reg == RSI &&
	    next.displacement == first->displacement + (int)ARCH_WORD) {
		pc += next.length;
		if (!drops_decode(read, argument, pc, &next))
			return false;
	}
	if (!is_one(&next, 0xe8))
		return false;
	*drop = (struct frame_drop){
		.by_value = true,
		.by_frame_pointer = first->base == REGISTER_BP,
		.at = first->displacement,
		.function = pc + next.length + (uint64_t)next.immediate,
	};
	return true;
}

size_t frame_drops(frame_code *read, const void *argument, uint64_t pc, struct frame_drop *drops,
		   size_t room)
{
	struct x86_instruction instruction;
	struct used used = { 0 };
	size_t count = 0;

	for (int i = 0; i < MAX_DROP_STEPS && count < room; i++) {
		if (!drops_decode(read, argument, pc, &instruction) || ends_way(&instruction))
			break;
		if ((take_drop(read, argument, pc, &instruction, &drops[count]) ||
		     take_move(read, argument, pc, &instruction, &drops[count])) &&
		    !is_used(&used, instruction.base, instruction.displacement))
			count++;
		if (!drops_use(&used, &instruction))
			break;
		pc += instruction.length;
		if (is_one(&instruction, 0xeb) || is_one(&instruction, 0xe9))
			pc += (uint64_t)instruction.immediate;
	}
	return count;
}
