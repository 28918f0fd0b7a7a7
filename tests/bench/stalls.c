/* Says when a turn begins (CLOCK_MONOTONIC, ns) that does not end. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "yieldsan/yieldsan.h"

int main(void)
{
	struct timespec now;

	yieldsan_turn_begin("stalls");
	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
	fflush(stdout);
	for (;;)
		pause();
}
