#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include "shared/text.h"
#include "system_call.h"
#include "thread.h"

#define LOG_LINE_SIZE 512

struct line {
	char text[LOG_LINE_SIZE];
	size_t used;
};

static void log_add(struct line *line, const char *text)
{
	while (*text && line->used < LOG_LINE_SIZE - 1)
		line->text[line->used++] = *text++;
}

static void log_add_number(struct line *line, uint64_t number)
{
	char digits[TEXT_DECIMAL_SIZE];

	log_add(line, text_decimal(digits, number));
}

static void log_write(struct line *line)
{
	long fd =
		system_call(SYS_open, (long)runtime_options.log,
			    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600, 0, 0, 0);

	if (fd < 0)
		return;
	line->text[line->used++] = '\n';
	system_call(SYS_write, fd, (long)line->text, (long)line->used, 0, 0, 0);
	system_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

COLD void log_line(const char *format, ...)
{
	struct line line = { .used = 0 };
	va_list arguments;

	if (runtime_silent || this_thread.vforked)
		return;
	log_add_number(&line, (uint64_t)system_call(SYS_getpid, 0, 0, 0, 0, 0, 0));
	log_add(&line, " ");
	log_add_number(&line, (uint64_t)system_call(SYS_gettid, 0, 0, 0, 0, 0, 0));
	log_add(&line, ": ");
	va_start(arguments, format);
	for (; *format; format++) {
		char one[2] = { *format, '\0' };

		if (*format != '%') {
			log_add(&line, one);
			continue;
		}
		if (*++format == 's')
			log_add(&line, va_arg(arguments, const char *));
		else
			log_add_number(&line, va_arg(arguments, uint64_t));
	}
	va_end(arguments);
	log_write(&line);
}
