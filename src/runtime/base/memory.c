#include "memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "compiler.h"
#include "runtime.h"
#include "system_call.h"

#define NO_SUCH_HOW 0x7fff
#define MASK_SIZE   8 /* size of the kernel's sigset_t, which it copies */

static bool refused; /* the system call was not answered as the kernel does */

void *memory_map(size_t size)
{
	long map = system_call(SYS_mmap, 0, (long)size, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return map < 0 && map > -MEMORY_PAGE ? NULL : (void *)map;
}

/* A byte that is 0 already is not written: the page stays the parent's. */
static void zero_used(void *address, size_t size)
{
	unsigned char *bytes = address;
	uint64_t word;

	while (size) {
		size_t part = size < sizeof word ? size : sizeof word;

		word = 0;
		memcpy(&word, bytes, part);
		if (word)
			memset(bytes, 0, part);
		bytes += part;
		size -= part;
	}
}

void memory_zero(void *address, size_t size)
{
	uintptr_t start = (uintptr_t)address, end = start + size;
	uintptr_t first = (start + MEMORY_PAGE - 1) & -(uintptr_t)MEMORY_PAGE;
	uintptr_t last = end & -(uintptr_t)MEMORY_PAGE;

	if (first >= last ||
	    system_call(SYS_madvise, (long)first, (long)(last - first), MADV_DONTNEED, 0, 0, 0)) {
		zero_used(address, size);
		return;
	}
	if (first > start)
		zero_used(address, first - start);
	if (end > last)
		zero_used((void *)last, end - last);
}

bool memory_can_be_asked(void)
{
	return !runtime_silent && !__atomic_load_n(&refused, __ATOMIC_RELAXED);
}

static bool word_is_readable(uintptr_t word)
{
	long answer;

	/* For address 0 the kernel would read nothing. */
	if (!word || !memory_can_be_asked())
		return false;
	answer = system_call(SYS_rt_sigprocmask, NO_SUCH_HOW, (long)word, 0, MASK_SIZE, 0, 0);
	if (answer == -EINVAL)
		return true;
	if (answer != -EFAULT)
		__atomic_store_n(&refused, true, __ATOMIC_RELAXED);
	return false;
}

bool memory_is_readable(const void *address, size_t size)
{
	uintptr_t word = (uintptr_t)address & ~(uintptr_t)(MASK_SIZE - 1);
	uintptr_t end = (uintptr_t)address + size;

	if (end < (uintptr_t)address)
		return false;
	/* An aligned word lies in one page: checking one word covers the page. */
	while (word < end) {
		if (!word_is_readable(word))
			return false;
		word = (word | (MEMORY_PAGE - 1)) + 1;
		if (!word)
			return false;
	}
	return true;
}
