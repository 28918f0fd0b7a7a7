/* Finds thread-local blocks of modules without allocating them. */
#include "modules.h"

#include "shared/arch/arch.h"

void *module_tls(const struct module *module)
{
	const union libc_thread_block *blocks;
	uintptr_t thread_pointer;
	void *block;

	if (!module->tls_size || !module->tls_id)
		return NULL;
	thread_pointer = arch_thread_pointer();
	if (module->tls_offset)
		return (void *)(thread_pointer + (uintptr_t)module->tls_offset);
	blocks = arch_thread_blocks();
	if (!blocks || module->tls_id > blocks[-1].counter)
		return NULL;
	block = blocks[module->tls_id].pointer.block;
	return block == LIBC_BLOCK_UNALLOCATED ? NULL : block;
}
