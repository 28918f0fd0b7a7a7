#include "lock_gate.h"

#include <stddef.h>

#include "runtime/modules/modules.h"
#include "shared/arch/code_shapes.h"

bool lock_gate_code(uintptr_t caller, uintptr_t *next)
{
	const struct module *module = modules_find(caller);
	size_t length;

	if (!module || caller < module->text_start || caller >= module->text_end)
		return false;
	length = code_length_to_call((const uint8_t *)caller, module->text_end - caller);
	*next = caller + length;
	return length;
}
