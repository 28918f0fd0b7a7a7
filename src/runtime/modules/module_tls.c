/* Finds thread-local blocks of modules without allocating them. */
#include "modules.h"

/*
 * glibc's table of a thread's blocks: the second word of its control block
 * (sysdeps/x86_64/nptl/tls.h, tcbhead_t) points to one entry per module number. Entry 0 is a
 * generation, and the one before it is the highest number that has an entry (elf/dl-tls.c,
 * include/dl-dtv.h). Debuggers read it the same way, so its layout is stable.
 */
union dtv_entry {
	size_t counter;
	struct {
		void *block;
		void *to_free;
	} pointer;
};

#define DTV_UNALLOCATED ((void *)-1)

void *module_tls(const struct module *module)
{
	const union dtv_entry *dtv;
	uintptr_t thread_pointer;
	void *block;

	if (!module->tls_size || !module->tls_id)
		return NULL;
	__asm__("movq %%fs:0, %0" : "=r"(thread_pointer));
	if (module->tls_offset)
		return (void *)(thread_pointer + (uintptr_t)module->tls_offset);
	__asm__ volatile("movq %%fs:8, %0" : "=r"(dtv));
	if (!dtv || module->tls_id > dtv[-1].counter)
		return NULL;
	block = dtv[module->tls_id].pointer.block;
	return block == DTV_UNALLOCATED ? NULL : block;
}
