#include "runtime/modules/call_site.h"

#include <string.h>

#include "runtime/modules/modules.h"
#include "shared/arch/x86_64/x86_instruction.h"

#define NEAR_CALL	 0xe8
#define NEAR_CALL_LENGTH 5
#define INDIRECT	 0xff
#define INDIRECT_LENGTH	 6 /* call *slot(%rip) */
#define OPERATION_CALL	 2

/* The instruction of `length` bytes before a return address. */
static bool call_site_decode(uintptr_t return_address, unsigned length,
			     struct x86_instruction *call)
{
	return x86_decode((const uint8_t *)return_address - length, length, call) &&
	       call->length == length && call->map == X86_ONE_BYTE;
}

bool call_site_is_direct(uintptr_t return_address)
{
	const struct module *module = modules_find(return_address - 1);
	struct x86_instruction call;
	uintptr_t target;

	if (!module || return_address < module->text_start + INDIRECT_LENGTH ||
	    return_address > module->text_end)
		return false;
	if (call_site_decode(return_address, NEAR_CALL_LENGTH, &call) && call.opcode == NEAR_CALL) {
		target = return_address + (uintptr_t)call.immediate;
		if (target >= module->text_start && target < module->text_end)
			return true;
	}
	if (!call_site_decode(return_address, INDIRECT_LENGTH, &call) || call.opcode != INDIRECT ||
	    (call.reg & 7) != OPERATION_CALL || !call.is_memory || call.base != X86_RIP)
		return false;
	target = return_address + (uintptr_t)call.displacement;
	if (!modules_hold(target, target + sizeof target - 1))
		return false;
	/*
	 * The linker's table contains functions of other modules; a function pointer variable
	 * mostly points into its own.
	 */
	memcpy(&target, (const void *)target, sizeof target);
	return modules_find(target) != module;
}
