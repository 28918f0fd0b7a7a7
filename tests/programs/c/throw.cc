/*
 * C++ exceptions through what watches a program:
 *
 *	throw loop|call|destructor
 */
#include <cstdio>
#include <cstring>
#include <ctime>
#include <ftw.h>
#include <stdexcept>

extern "C" {
#include "loop.h"
#include "operations.h"
}

namespace
{

const timespec wait_time = { 0, 50000000 };

void block_sleeping(unsigned turn)
{
	if (turn == 3)
		operation_find("nanosleep")->block();
}

/* Out of the callback, through the loop, up to the loop's caller. */
void throw_through_loop(unsigned turn)
{
	if (turn == 3)
		throw std::runtime_error("out of the loop");
}

int visit(const char *, const struct stat *, int, struct FTW *)
{
	throw std::runtime_error("out of the walk");
}

/* Through a function of libc that calls back. */
void throw_through_call(unsigned turn)
{
	if (turn != 3)
		return;
	try {
		nftw(".", visit, 4, FTW_PHYS);
		REQUIRE(!"reached");
	} catch (const std::runtime_error &error) {
		REQUIRE(!strcmp(error.what(), "out of the walk"));
	}
}

struct blocks_when_destroyed {
	~blocks_when_destroyed()
	{
		int result = nanosleep(&wait_time, nullptr); /* ALLOW error nanosleep|clock_nanosleep category=sleep case=destructor */

		REQUIRE(result == 0);
	}
};

/* A call that blocks while an exception is on its way. */
void throw_past_destructor(unsigned turn)
{
	if (turn != 3)
		return;
	try {
		blocks_when_destroyed local;
		throw std::runtime_error("past a destructor");
	} catch (const std::runtime_error &error) {
		REQUIRE(!strcmp(error.what(), "past a destructor"));
	}
}

} // namespace

int main(int argc, char **argv)
{
	REQUIRE(argc >= 2);
	if (!strcmp(argv[1], "loop")) {
		try {
			loop_run(6, throw_through_loop);
			REQUIRE(!"reached");
		} catch (const std::runtime_error &error) {
			printf("%s\n", error.what());
		}
		nanosleep(&wait_time, nullptr); /* EXPECT-NONE: the loop was left */
	} else if (!strcmp(argv[1], "call")) {
		loop_run(6, throw_through_call);
	} else if (!strcmp(argv[1], "destructor")) {
		loop_run(6, throw_past_destructor);
	} else {
		return 2;
	}
	loop_run(6, block_sleeping);
	printf("done\n");
	return 0;
}
