#include "runtime/modules/call_site.h"

#include <string.h>

#include "runtime/modules/modules.h"

#define NEAR_CALL	  0xe8 /* followed by a displacement of 4 bytes */
#define INDIRECT	  0xff
#define CALL_RIP_RELATIVE 0x15 /* ModRM byte; followed by a displacement of 4 bytes */
#define LONGEST		  6

bool call_site_is_direct(uintptr_t return_address)
{
	const struct module *module = modules_find(return_address - 1);
	const uint8_t *code = (const uint8_t *)return_address;
	int32_t distance;
	uintptr_t target;

	if (!module || return_address < module->text_start + LONGEST ||
	    return_address > module->text_end)
		return false;
	memcpy(&distance, code - sizeof distance, sizeof distance);
	target = return_address + (uintptr_t)(intptr_t)distance;
	if (code[-5] == NEAR_CALL && target >= module->text_start && target < module->text_end)
		return true;
	if (code[-6] != INDIRECT || code[-5] != CALL_RIP_RELATIVE ||
	    !modules_hold(target, target + sizeof target - 1))
		return false;
	/*
	 * The linker's table contains functions of other modules; a function pointer variable
	 * mostly points into its own.
	 */
	memcpy(&target, (const void *)target, sizeof target);
	return modules_find(target) != module;
}
