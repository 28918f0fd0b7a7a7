#include "unwind_rule.h"

#include <string.h>

#include "unwind_ask.h"

/*
 * The code that a signal handler returns to. It has call frame information in glibc but not
 * elsewhere, so it is recognised by its instructions, as debuggers do: mov $__NR_rt_sigreturn, %rax
 * (or %eax); syscall.
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

bool unwind_rule_make(const struct module *module, uintptr_t address, uint64_t *rule)
{
	/* A handler's return address is the first byte of that code. */
	if (is_sigreturn(module, address + 1)) {
		*rule = UNWIND_ODD | UNWIND_SIGNAL;
		return true;
	}
	return unwind_ask(module, address, rule);
}
