#include "screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/formats/text_layout.h"
#include "support/file.h"
#include "support/memory.h"

#define SCREEN_LINES                                                                               \
	38	/* of a report, with the rule before it 40, unless all of it is asked for          \
		 */
#define RULE 80 /* columns, where the width is unlimited */

static size_t number_from(const char *variable)
{
	const char *value = getenv(variable);
	long number = value ? strtol(value, NULL, 10) : 0;

	return number > 0 && number < 10000 ? (size_t)number : 0;
}

/* As other programs do: the variables go before what the terminal reports. */
static void screen_measure(struct screen *screen, int fd)
{
	struct winsize size = { 0 };

	(void)ioctl(fd, TIOCGWINSZ, &size);
	screen->columns = number_from("COLUMNS");
	screen->rows = number_from("LINES");
	if (!screen->columns)
		screen->columns = size.ws_col;
	if (!screen->rows)
		screen->rows = size.ws_row;
}

/* NULL: no pager is wanted, or there is none. */
static const char *screen_pager(void)
{
	const char *command = getenv("PAGER");

	if (!command)
		return access("/usr/bin/less", X_OK) ? NULL : "less";
	return *command && strcmp(command, "cat") != 0 ? command : NULL;
}

/* A pager of a background job would be stopped. */
static bool is_in_foreground(int fd)
{
	return tcgetpgrp(fd) == getpgrp();
}

static bool settings_want_text(const struct report_settings *settings)
{
	return !settings->report.format || !strcmp(settings->report.format, "text");
}

FILE *screen_begin(struct screen *screen, struct report_settings *settings, FILE *out)
{
	struct report_options *report = &settings->report;
	int fd = fileno(out);

	memset(screen, 0, sizeof *screen);
	if (settings->path || !settings_want_text(settings))
		return out;
	if (!settings->unlimited && !report->full && !report->top && !report->why)
		report->lines = SCREEN_LINES;
	if (!isatty(fd))
		return out;
	screen_measure(screen, fd);
	report->width = screen->columns;
	if (settings->no_pager || !screen->rows || !screen_pager() || !is_in_foreground(fd))
		return out;
	fd = memfd_create("report", MFD_CLOEXEC);
	screen->draft = fd >= 0 ? fdopen(fd, "w+") : NULL;
	if (!screen->draft)
		return out;
	report->colour = REPORT_COLOUR_TERMINAL;
	screen->out = out;
	return screen->draft;
}

/* Returns the number of bytes; the caller frees the text. */
static size_t read_draft(FILE *draft, char **text)
{
	off_t size;
	ssize_t got;

	fflush(draft);
	size = lseek(fileno(draft), 0, SEEK_END);
	*text = memory_get(size > 0 ? (size_t)size + 1 : 1);
	got = size > 0 ? pread(fileno(draft), *text, (size_t)size, 0) : 0;
	return got > 0 ? (size_t)got : 0;
}

static _Noreturn void become_pager(int input, int terminal)
{
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	dup2(input, STDIN_FILENO);
	dup2(terminal, STDOUT_FILENO);
	execl("/bin/sh", "sh", "-c", screen_pager(), (char *)NULL);
	_exit(127);
}

/* Whether a pager took it. The user may leave the pager before its end. */
static bool screen_page(const char *text, size_t size, int terminal)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, former[3];
	static const int signals[] = { SIGINT, SIGQUIT, SIGPIPE };
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid)
		become_pager(ends[0], terminal);
	close(ends[0]);
	for (size_t i = 0; i < 3; i++)
		sigaction(signals[i], &ignore, &former[i]);
	if (pid > 0)
		file_write_all(ends[1], text, size);
	close(ends[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	for (size_t i = 0; i < 3; i++)
		sigaction(signals[i], &former[i], NULL);
	return pid > 0 && !(WIFEXITED(status) && WEXITSTATUS(status) == 127);
}

int screen_end(struct screen *screen)
{
	size_t size;
	char *text;
	int error = 0;

	if (!screen->out)
		return 0;
	size = read_draft(screen->draft, &text);
	fclose(screen->draft);
	fflush(screen->out);
	if (text_wrap(text, size, screen->columns, NULL) < screen->rows ||
	    !screen_page(text, size, fileno(screen->out)))
		error = file_write_all(fileno(screen->out), text, size);
	free(text);
	screen->out = NULL;
	return error;
}

void screen_rule(const struct report_settings *settings, FILE *out)
{
	static const char title[] = "---- yieldsan ";
	size_t width = settings->report.width;

	if (settings->path || !settings_want_text(settings))
		return;
	fprintf(out, "\n%s", title);
	for (size_t i = sizeof title - 1; i < (width ? width : RULE); i++)
		fputc('-', out);
	fputc('\n', out);
}
