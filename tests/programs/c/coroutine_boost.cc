/*
 * Coroutines of boost.context, which an epoll loop resumes:
 *
 *	coroutine_boost CASE		across, released, sleep
 */
#include <pthread.h>
#include <unistd.h>

#include <boost/context/fiber.hpp>
#include <cstdio>
#include <cstring>

extern "C" {
#include "loop.h"
}

namespace
{

using boost::context::fiber;

const unsigned many = 3;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
pthread_mutex_t brief = PTHREAD_MUTEX_INITIALIZER;
fiber fibers[many];

fiber across(fiber &&loop)
{
	for (;;) {
		loop = std::move(loop).resume();
		loop = std::move(loop).resume();
		pthread_mutex_lock(&mutex); /* EXPECT error lock-across-yield role=acquired case=across */
		loop = std::move(loop).resume(); /* EXPECT error lock-across-yield role=yielded case=across */
		pthread_mutex_unlock(&mutex);
	}
}

fiber released(fiber &&loop)
{
	for (;;) {
		pthread_mutex_lock(&brief); /* EXPECT-NONE */
		pthread_mutex_unlock(&brief);
		loop = std::move(loop).resume();
	}
}

fiber sleeps(fiber &&loop)
{
	for (unsigned i = 0;; i++) {
		if (i == 4)
			usleep(30000); /* EXPECT error usleep category=sleep case=sleep */
		loop = std::move(loop).resume();
	}
}

void resume(unsigned turn)
{
	fiber &one = fibers[turn % many];

	one = std::move(one).resume();
}

} // namespace

int main(int argc, char **argv)
{
	REQUIRE(argc == 2);
	for (unsigned i = 0; i < many; i++) {
		if (i != 1 || !strcmp(argv[1], "released"))
			fibers[i] = fiber(released);
		else if (!strcmp(argv[1], "across"))
			fibers[i] = fiber(across);
		else if (!strcmp(argv[1], "sleep"))
			fibers[i] = fiber(sleeps);
		else
			REQUIRE(!"a case");
	}
	loop_run(8 * many, resume);
	printf("done\n");
	return 0;
}
