/*
 * A C program that opens a C++ plugin (its argument) after something was found in it: what looks at
 * stacks must not have put itself before the plugin's own unwinder.
 */
#include <dlfcn.h>
#include <stdio.h>

#include "loop.h"
#include "operations.h"

static void block_once(unsigned turn)
{
	if (turn == 3)
		operation_find("nanosleep")->block();
}

int main(int argc, char **argv)
{
	int (*plugin_run)(void);
	void *plugin;

	REQUIRE(argc == 2);
	loop_run(6, block_once);
	plugin = dlopen(argv[1], RTLD_NOW);
	REQUIRE(plugin);
	plugin_run = (int (*)(void))dlsym(plugin, "plugin_run");
	REQUIRE(plugin_run && plugin_run());
	REQUIRE(dlclose(plugin) == 0);
	loop_run(6, block_once);
	printf("done\n");
	return 0;
}
