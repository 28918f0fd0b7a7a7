#include "readable.h"

#include <stdint.h>

#include "modules.h"
#include "runtime/base/memory.h"
#include "runtime/base/thread.h"

bool may_be_read(const void *address, size_t size)
{
	uintptr_t last = (uintptr_t)address + size - 1;

	if (!size || last < (uintptr_t)address)
		return false;
	if (thread_on_own_stack((uintptr_t)address) && thread_on_own_stack(last))
		return true;
	return modules_hold((uintptr_t)address, last) || memory_is_readable(address, size);
}
