#include "source_text.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inspect/session.h"

#define MAX_SOURCE_SIZE	   (4 << 20)
#define MAX_TOTAL	   (64 << 20)
#define MAX_NESTED_CLASSES 8 /* nested classes */

struct source_text {
	const char *path;
	char *bytes;
	size_t size;
	UT_hash_handle hh;
};

/* Paths may come from a hostile trace: O_NONBLOCK, so that a FIFO does not block us. */
static void source_read_file(struct source_text *text, size_t room)
{
	int fd = open(text->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	ssize_t got;

	if (fd < 0)
		return;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_size > 0 &&
	    status.st_size <= MAX_SOURCE_SIZE && (size_t)status.st_size <= room) {
		text->bytes = memory_get((size_t)status.st_size);
		got = pread(fd, text->bytes, (size_t)status.st_size, 0);
		text->size = got > 0 ? (size_t)got : 0;
	}
	close(fd);
}

const char *source_text(struct session *session, const char *path, size_t *size)
{
	struct source_text *text, *each, *next;
	size_t total = 0;

	*size = 0;
	if (!path || !*path || *path == '<')
		return NULL;
	HASH_FIND_STR(session->source_texts, path, text);
	if (!text) {
		HASH_ITER (hh, session->source_texts, each, next)
			total += each->size;
		text = memory_get(sizeof *text);
		text->path = strings_keep(&session->strings, path);
		source_read_file(text, MAX_TOTAL - total);
		HASH_ADD_KEYPTR(hh, session->source_texts, text->path, strlen(text->path), text);
	}
	*size = text->size;
	return text->size ? text->bytes : NULL;
}

const char *source_text_line(struct session *session, const char *path, int line, size_t *length)
{
	size_t size;
	const char *at = source_text(session, path, &size), *end = at ? at + size : NULL, *next;

	*length = 0;
	for (; at && line > 1; line--) {
		next = memchr(at, '\n', (size_t)(end - at));
		at = next ? next + 1 : NULL;
	}
	if (!at || at >= end || line < 1)
		return NULL;
	next = memchr(at, '\n', (size_t)(end - at));
	*length = (size_t)((next ? next : end) - at);
	return at;
}

struct python_line {
	const char *text, *end;
	size_t indent;
};

static struct python_line python_line(const char *text, const char *end)
{
	struct python_line line = { text, end, 0 };

	while (line.text < end && (*line.text == ' ' || *line.text == '\t'))
		line.indent += *line.text++ == '\t' ? 8 : 1;
	return line;
}

/* The name that a `def` or `class` statement defines, and its length; NULL for other statements. */
static const char *defined_name(const struct python_line *line, const char *keyword, size_t *length)
{
	const char *text = line->text, *name;
	size_t size = strlen(keyword), left = (size_t)(line->end - text);

	if (left > 6 && !memcmp(text, "async ", 6))
		text += 6;
	left = (size_t)(line->end - text);
	if (left <= size || memcmp(text, keyword, size) != 0 || text[size] != ' ')
		return NULL;
	for (name = text + size; name < line->end && *name == ' ';)
		name++;
	for (*length = 0; name + *length < line->end && !strchr("(:[ \t", name[*length]);)
		++*length;
	return *length ? name : NULL;
}

/* The starts of the lines up to number `line`; NULL if there are fewer. The caller frees it. */
static const char **line_starts(const char *text, size_t size, int line)
{
	const char **starts = memory_get(((size_t)line + 1) * sizeof *starts), *at = text;
	int count = 0;

	while (at && at < text + size && count <= line) {
		starts[count++] = at;
		at = memchr(at, '\n', (size_t)(text + size - at));
		at = at ? at + 1 : NULL;
	}
	if (count >= line)
		return starts;
	free(starts);
	return NULL;
}

const char *source_text_python_name(struct session *session, const char *path, int line,
				    const char *function)
{
	const char *qualified = NULL, **starts, *text, *name;
	size_t size, length, indent = SIZE_MAX, found = 0;

	text = source_text(session, path, &size);
	if (!text || line < 1 || !function || strchr(function, '.') || *function == '<' ||
	    line > MAX_SOURCE_SIZE)
		return NULL;
	starts = line_starts(text, size, line);
	if (!starts)
		return NULL;
	for (int i = line - 1; i >= 0 && indent && found < MAX_NESTED_CLASSES; i--) {
		const char *end = memchr(starts[i], '\n', (size_t)(text + size - starts[i]));
		struct python_line at = python_line(starts[i], end ? end : text + size);

		if (at.indent >= indent)
			continue;
		/* A definition within a function has no name outside of it. */
		if (qualified && defined_name(&at, "def", &length))
			break;
		name = defined_name(&at, qualified ? "class" : "def", &length);
		if (!name || (!qualified &&
			      (strlen(function) != length || memcmp(name, function, length) != 0)))
			continue;
		qualified = qualified ? strings_print(&session->strings, "%.*s.%s", (int)length,
						      name, qualified)
				      : function;
		indent = at.indent;
		found++;
	}
	free(starts);
	return qualified;
}

void source_texts_deinit(struct session *session)
{
	struct source_text *text, *next;

	HASH_ITER (hh, session->source_texts, text, next) {
		HASH_DEL(session->source_texts, text);
		free(text->bytes);
		free(text);
	}
}
