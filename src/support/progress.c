#include "progress.h"

#include <stdbool.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define NOTICED_MS 500
#define EVERY_MS   50

static const char wipe[] = "\r\033[K";

static struct {
	FILE *out;
	uint64_t start_ms, last_ms;
	bool shown;
} progress;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress_on(FILE *out)
{
	progress_end();
	progress.out = out && isatty(fileno(out)) ? out : NULL;
}

void progress_step(const char *doing, size_t done, size_t all)
{
	uint64_t ms;

	if (!progress.out)
		return;
	ms = now_ms();
	if (!progress.start_ms)
		progress.start_ms = ms;
	if (ms - progress.start_ms < NOTICED_MS || ms - progress.last_ms < EVERY_MS)
		return;
	progress.last_ms = ms;
	progress.shown = true;
	fprintf(progress.out, "%syieldsan: %s: %zu %%", wipe, doing, all ? done * 100 / all : 0);
	fflush(progress.out);
}

void progress_end(void)
{
	if (progress.shown) {
		fputs(wipe, progress.out);
		fflush(progress.out);
	}
	progress.shown = false;
	progress.start_ms = 0;
}
