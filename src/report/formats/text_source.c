#include "text_source.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/session.h"
#include "report/frames/source_text.h"
#include "report/model/model.h"
#include "report/wording/library_function.h"
#include "shared/text.h"
#include "text_layout.h"
#include "text_style.h"

#define LONGEST 100 /* columns of a line where the width is unlimited */
#define LEAST	20
#define GUTTER	9  /* columns before the line: its number, a bar */
#define CONTEXT 16 /* bytes kept before the marked part of a line that is cut */

struct part {
	size_t start, size;
};

/* Without the blanks around it; NULL if there is none to show. */
static const char *frame_source_line(struct session *session, const struct frame *frame,
				     size_t *size)
{
	const char *line;

	*size = 0;
	if (session->options.no_source || !frame || frame->owner != OWNER_PROGRAM || !frame->file ||
	    !frame->line)
		return NULL;
	line = source_text_line(session, frame->file, frame->line, size);
	for (; line && *size && isspace((unsigned char)*line); --*size)
		line++;
	while (line && *size && isspace((unsigned char)line[*size - 1]))
		--*size;
	return line && *size ? line : NULL;
}

/* Finds the last `word` in the line that is no part of a longer name. */
static bool line_find_word(const char *line, size_t size, const char *word, size_t length,
			   struct part *part)
{
	bool found = false;

	for (size_t at = 0; length && at + length <= size; at++) {
		if (memcmp(line + at, word, length) != 0 ||
		    (at && is_name_character(line[at - 1])) ||
		    (at + length < size && is_name_character(line[at + length]) &&
		     is_name_character(word[length - 1])))
			continue;
		*part = (struct part){ at, length };
		found = true;
	}
	return found;
}

/* The code of a line: without a comment at its end. */
static size_t line_code_size(const char *line, size_t size)
{
	char quote = 0;

	for (size_t i = 0; i + 1 < size; i++) {
		if (quote) {
			quote = line[i] == quote ? 0 : quote;
			i += line[i] == '\\';
		} else if (line[i] == '"') {
			quote = line[i];
		} else if (i && line[i - 1] == ' ' &&
			   (!memcmp(line + i, "//", 2) || !memcmp(line + i, "/*", 2) ||
			    !memcmp(line + i, "# ", 2))) {
			while (i && line[i - 1] == ' ')
				i--;
			return i;
		}
	}
	return size;
}

/* "Mutex<R,T>::lock" is written `lock' or `Mutex::lock'. The caller frees the copy. */
static char *without_generics(const char *name)
{
	char *plain = memory_get(strlen(name) + 1), *to = plain;
	unsigned depth = 0;

	for (; *name; name++) {
		if (*name == '<')
			depth++;
		else if (*name == '>' && depth)
			depth--;
		else if (!depth)
			*to++ = *name;
	}
	*to = '\0';
	return plain;
}

/* "std::thread::sleep" may be written `thread::sleep` or `sleep`: the longest end that is there. */
static bool find_plain_call(const char *line, size_t size, const char *name, struct part *part)
{
	size_t length = strcspn(name, " (");

	if (!strncmp(name, "import ", 7)) {
		length = strcspn(name + 7, " (") + 7;
		if (line_find_word(line, size, name, length, part))
			return true;
		name += 7;
		length -= 7;
	}
	while (length) {
		size_t first = 0;

		if (line_find_word(line, size, name, length, part))
			return true;
		while (first < length && is_name_character(name[first]))
			first++;
		while (first < length && !is_name_character(name[first]))
			first++;
		name += first;
		length -= first;
	}
	return false;
}

static bool find_call(const char *line, size_t size, const char *name, struct part *part)
{
	char *plain = name ? without_generics(name) : NULL;
	bool found = plain && find_plain_call(line, size, plain, part);

	free(plain);
	return found;
}

static bool find_await(const char *line, size_t size, struct part *part)
{
	return line_find_word(line, size, ".await", 6, part) ||
	       line_find_word(line, size, "await", 5, part) ||
	       line_find_word(line, size, "co_await", 8, part) ||
	       line_find_word(line, size, "co_yield", 8, part);
}

/* The first call of a function whose name says that it takes something: "pthread_mutex_lock". */
static bool find_taking(const char *line, size_t size, struct part *part)
{
	static const char *const words[] = { "lock", "acquire", "borrow" };

	for (size_t at = 0; at < size; at += part->size ? part->size : 1) {
		*part = (struct part){ at, 0 };
		while (at + part->size < size && is_name_character(line[at + part->size]))
			part->size++;
		if (!part->size || at + part->size >= size || line[at + part->size] != '(')
			continue;
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (memmem(line + at, part->size, words[i], strlen(words[i])))
				return true;
	}
	return false;
}

static bool line_find_part(struct session *session, const struct finding *finding, const char *line,
			   size_t size, struct part *part)
{
	if (finding->call && (find_call(line, size, library_function(session, finding), part) ||
			      find_call(line, size, finding->call, part)))
		return true;
	if (finding->variable &&
	    line_find_word(line, size, finding->variable, strlen(finding->variable), part))
		return true;
	switch (finding->stacks[0].role) {
	case ROLE_YIELDED:
		return find_await(line, size, part);
	case ROLE_WAITING:
	case ROLE_HOLDING:
	case ROLE_ACQUIRED:
		return find_taking(line, size, part);
	default:
		return false;
	}
}

/* What to mark: what the program calls there, or all of its code. */
static struct part marked_part(struct session *session, const struct finding *finding,
			       const char *line, size_t size)
{
	size_t code = line_code_size(line, size);
	struct part part;

	if (!line_find_part(session, finding, line, code, &part) &&
	    !line_find_part(session, finding, line, size, &part))
		part = (struct part){ 0, code };
	return part;
}

/* Cuts a long line so that the marked part stays in sight. */
static void line_cut(const char **line, size_t *size, struct part *part, size_t room, bool *before,
		     bool *after)
{
	size_t fits = text_fitting(*line, *size, room), skip = 0;

	*before = *after = false;
	if (fits == *size)
		return;
	if (text_columns(*line, part->start) + part->size > room - 3 && part->start > CONTEXT) {
		skip = part->start - CONTEXT;
		while (skip < part->start && ((*line)[skip] & 0xc0) == 0x80)
			skip++;
		*before = true;
		*line += skip;
		*size -= skip;
		part->start -= skip;
		room -= 3;
		fits = text_fitting(*line, *size, room);
	}
	if (fits < *size) {
		*after = true;
		*size = text_fitting(*line, *size, room - 3);
	}
	if (part->start > *size)
		part->start = 0;
	if (part->start + part->size > *size)
		part->size = *size - part->start;
}

static size_t room_for_line(const struct text_style *style)
{
	size_t room = style->width > GUTTER + 2 ? style->width - GUTTER - 2 : LEAST;

	if (!style->width || room > LONGEST)
		return LONGEST;
	return room < LEAST ? LEAST : room;
}

/* Control characters become pictures of them, tabs blanks: the same number of characters. */
static const char *line_printable(struct session *session, const char *text, size_t size)
{
	char *copy = memory_get(size + 1);
	const char *kept;

	memcpy(copy, text, size);
	copy[size] = '\0';
	for (size_t i = 0; i < size; i++)
		if (copy[i] == '\t')
			copy[i] = ' ';
	kept = strings_keep_part(&session->strings, copy, size);
	free(copy);
	return kept;
}

/* Columns of the first `size` bytes as they are printed. */
static size_t printed_columns(struct session *session, const char *text, size_t size)
{
	const char *shown = line_printable(session, text, size);

	return text_columns(shown, strlen(shown));
}

bool text_source_print(const struct report *report, const struct finding *finding,
		       const struct text_style *style, FILE *out)
{
	struct session *session = report->session;
	const struct frame *place = stack_place(finding_stack(finding));
	size_t size, room = room_for_line(style), columns;
	const char *line = frame_source_line(session, place, &size);
	bool before, after;
	struct part part;

	if (!line)
		return false;
	part = marked_part(session, finding, line, size);
	line_cut(&line, &size, &part, room, &before, &after);
	fprintf(out, "  %5d | " TEXT_HANG "%s%s%s\n", place->line, before ? "..." : "",
		line_printable(session, line, size), after ? "..." : "");
	fprintf(out, "        | " TEXT_HANG "%*s%s",
		(int)printed_columns(session, line, part.start) + (before ? 3 : 0), "",
		style->severity[finding->severity]);
	columns = printed_columns(session, line + part.start, part.size);
	for (size_t i = 0; i < columns; i++)
		fputc('^', out);
	fprintf(out, "%s\n", style->plain);
	return true;
}

void text_source_print_below(struct session *session, const struct frame *frame,
			     const struct text_style *style, FILE *out)
{
	size_t size, room = room_for_line(style), fits;
	const char *line = frame_source_line(session, frame, &size);

	if (!line)
		return;
	fits = text_fitting(line, size, room);
	if (fits < size)
		fits = text_fitting(line, size, room - 3);
	fprintf(out, "        | " TEXT_HANG "%s%s\n", line_printable(session, line, fits),
		fits < size ? "..." : "");
}
