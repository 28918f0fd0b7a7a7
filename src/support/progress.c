#include "progress.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NOTICED_MS	   500
#define EVERY_MS	   50
#define PROGRESS_LINE_SIZE 128

#define WIPE		   "\r\033[K"

static struct {
	FILE *out;
	uint64_t start_ms, last_ms;
	volatile sig_atomic_t shown, writing;
	char line[PROGRESS_LINE_SIZE]; /* what the timer shows while one item lasts */
	volatile sig_atomic_t length;
	struct sigaction former;
} progress;

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void progress_show(void)
{
	progress.writing = true;
	if (progress.length && write(fileno(progress.out), progress.line, (size_t)progress.length))
		progress.shown = true;
	progress.writing = false;
}

/* A single item may take seconds: opening the debug information of a large program. */
static void take_alarm(int number)
{
	(void)number;
	if (!progress.writing)
		progress_show();
}

static void progress_set_timer(unsigned ms)
{
	struct timeval every = { ms / 1000, ms % 1000 * 1000 };

	setitimer(ITIMER_REAL, &(struct itimerval){ every, every }, NULL);
}

void progress_on(FILE *out)
{
	struct sigaction alarm = { .sa_handler = take_alarm, .sa_flags = SA_RESTART };

	progress_end();
	if (progress.out) {
		progress_set_timer(0);
		sigaction(SIGALRM, &progress.former, NULL);
	}
	progress.start_ms = 0;
	progress.out = out && isatty(fileno(out)) ? out : NULL;
	if (!progress.out)
		return;
	sigaction(SIGALRM, &alarm, &progress.former);
	progress_set_timer(NOTICED_MS);
}

void progress_step(const char *doing, size_t done, size_t all)
{
	uint64_t ms;
	int length;

	if (!progress.out)
		return;
	ms = now_ms();
	if (!progress.start_ms)
		progress.start_ms = ms;
	if (progress.length && ms - progress.last_ms < EVERY_MS)
		return;
	progress.last_ms = ms;
	progress.length = 0;
	length = all ? snprintf(progress.line, PROGRESS_LINE_SIZE, WIPE "yieldsan: %s: %zu %%",
				doing, done * 100 / all)
		     : snprintf(progress.line, PROGRESS_LINE_SIZE, WIPE "yieldsan: %s ...", doing);
	progress.length = length < PROGRESS_LINE_SIZE ? length : PROGRESS_LINE_SIZE - 1;
	if (ms - progress.start_ms >= NOTICED_MS)
		progress_show();
}

void progress_end(void)
{
	progress.length = 0;
	if (progress.shown && write(fileno(progress.out), WIPE, strlen(WIPE)))
		progress.shown = false;
}
