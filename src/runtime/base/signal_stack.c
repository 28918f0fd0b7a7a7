#include "signal_stack.h"

#include <cpuid.h>
#include <sys/auxv.h>

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#define XSTATE_LEAF	 0xd
#define XSTATE_TILE_DATA 18 /* only on request: arch_prctl(ARCH_REQ_XCOMP_PERM) */

void signal_stack_changed(const stack_t *stack)
{
	bool none = stack->ss_flags & SS_DISABLE;

	this_thread.signal_stack = none ? 0 : (uintptr_t)stack->ss_sp;
}

size_t signal_frame_size(void)
{
	static size_t known;
	unsigned eax, ebx, ecx, edx;

	if (known)
		return known;
	known = getauxval(AT_MINSIGSTKSZ);
	if (!known) /* a kernel before 5.14 */
		known = MINSIGSTKSZ;
	else if (__get_cpuid_count(XSTATE_LEAF, XSTATE_TILE_DATA, &eax, &ebx, &ecx, &edx) &&
		 eax < known)
		known -= eax;
	return known;
}
