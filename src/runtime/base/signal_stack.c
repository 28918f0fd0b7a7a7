#include "signal_stack.h"

#include <sys/auxv.h>

#include "shared/arch/arch.h"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

void signal_stack_changed(const stack_t *stack)
{
	bool none = stack->ss_flags & SS_DISABLE;

	this_thread.signal_stack = none ? 0 : (uintptr_t)stack->ss_sp;
}

size_t signal_frame_size(void)
{
	static size_t known;
	unsigned unused;

	if (known)
		return known;
	known = getauxval(AT_MINSIGSTKSZ);
	if (!known) /* a kernel before 5.14 */
		known = MINSIGSTKSZ;
	else if ((unused = arch_unused_signal_stack()) < known)
		known -= unused;
	return known;
}
