/* The loop of library_loop.c, which lies beside the program. */
#include "loop.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void (*loop_function)(unsigned turns, void (*callback)(unsigned turn));

/* It lies beside the program. */
static loop_function find_loop(void)
{
	char path[4096 + sizeof("library_loop.so")];
	ssize_t length = readlink("/proc/self/exe", path, 4096);
	void *library;

	REQUIRE(length > 0);
	path[length] = '\0';
	strcpy(strrchr(path, '/') + 1, "library_loop.so");
	library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	REQUIRE(library);
	return (loop_function)dlsym(library, "loop_run");
}

void loop_run(unsigned turns, void (*callback)(unsigned turn))
{
	static loop_function run;

	if (!run)
		run = find_loop();
	REQUIRE(run && run != loop_run);
	run(turns, callback);
}
