/* A C program that opens a module with a Tokio runtime inside (its argument), after start-up. */
#include <dlfcn.h>
#include <stdio.h>

#include "loop.h"

int main(int argc, char **argv)
{
	void (*run_tasks)(void);
	void *module;

	REQUIRE(argc == 2);
	module = dlopen(argv[1], RTLD_NOW);
	REQUIRE(module);
	run_tasks = (void (*)(void))dlsym(module, "run_tasks");
	REQUIRE(run_tasks);
	run_tasks();
	run_tasks();
	printf("done\n");
	return 0;
}
