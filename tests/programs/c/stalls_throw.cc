// Exceptions, thrown and caught in turns while samples are taken as densely as they can.
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <string>

#include "yieldsan/yieldsan.h"

static long used_ms()
{
	timespec used;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

struct Guard {
	int &count;
	~Guard()
	{
		count++;
	}
};

static int dive(int depth, int &count)
{
	Guard guard{ count };
	if (!depth)
		throw std::runtime_error(std::string(100, 'x'));
	return dive(depth - 1, count) + 1;
}

int main(int, char **argv)
{
	long end = used_ms() + std::stol(argv[1]);
	long thrown = 0;
	int unwound = 0;

	while (used_ms() < end) {
		yieldsan_turn_begin("throws");
		for (long until = used_ms() + 50; used_ms() < until; thrown++) {
			try {
				dive(20, unwound);
			} catch (const std::runtime_error &error) {
				if (error.what()[99] != 'x')
					return 99;
			}
		}
		yieldsan_turn_end();
		if (unwound != thrown * 21)
			return 98;
		thrown = unwound = 0;
	}
	std::puts("done");
}
