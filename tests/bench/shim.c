/* The empty shim's look-up: the first call of each name comes here, all later ones jump past. */
#include <dlfcn.h>
#include <stdlib.h>

/* Both are made by shim.py, with one entry for each name. */
extern const char *const shim_names[];
extern void *shim_targets[];

/* Called by the stubs alone, by the name they know. */
void *shim_resolve(unsigned long number);

__attribute__((visibility("hidden"))) void *shim_resolve(unsigned long number)
{
	void *target = dlsym(RTLD_NEXT, shim_names[number]);

	/* This libc has no such function: the program that calls it is not one of ours. */
	if (!target)
		abort();
	shim_targets[number] = target;
	return target;
}
