#include "text_stack.h"

#include <inttypes.h>
#include <string.h>

#include "report/wording/headline.h"
#include "inspect/session.h"
#include "report/frames/source_text.h"

#define MAX_PACKAGES   3
#define LONGEST_SOURCE 100 /* bytes of a source line */
#define MAX_UNFOLDED   40  /* for a stack without any frame of the program */

static const char *package_of(const struct frame *frame)
{
	if (frame->package)
		return frame->package;
	return frame->module ? frame_module_name(frame) : "code made at run time";
}

/* "tokio, std and 2 others", in the order they appear. */
static void print_packages(const struct frame *frames, size_t count, FILE *out)
{
	const char *packages[MAX_PACKAGES];
	size_t known = 0, others = 0;

	for (size_t i = 0; i < count; i++) {
		const char *package = package_of(&frames[i]);
		size_t j;

		for (j = 0; j < i; j++)
			if (!strcmp(package_of(&frames[j]), package))
				break;
		if (j < i)
			continue;
		if (known < MAX_PACKAGES)
			packages[known++] = package;
		else
			others++;
	}
	for (size_t i = 0; i < known; i++)
		fprintf(out, "%s%s",
			!i			    ? ""
			: i + 1 == known && !others ? " and "
						    : ", ",
			packages[i]);
	if (others)
		fprintf(out, " and %zu other%s", others, others == 1 ? "" : "s");
}

static void print_fold(const char *kind, const struct frame *frames, size_t count, FILE *out)
{
	if (!count)
		return;
	fprintf(out, "      ... %zu %sframe%s of ", count, kind, count == 1 ? "" : "s");
	print_packages(frames, count, out);
	fputc('\n', out);
}

static void print_frame(struct session *session, const struct frame *frame, bool mark,
			const char *bold, const char *plain, FILE *out)
{
	fprintf(out, "    %s ", mark ? ">" : " ");
	if (frame->function)
		fprintf(out, "%s%s%s%s", mark ? bold : "", frame->function, frame_doubt(frame),
			mark ? plain : "");
	else if (frame->module)
		fprintf(out, "%s+0x%" PRIx64, frame_module_name(frame), frame->offset);
	else
		fprintf(out, "0x%" PRIx64 " (code made at run time)", frame->offset);
	if (frame->file)
		fprintf(out, "  %s", shown_path(session, frame->file));
	if (frame->file && frame->line)
		fprintf(out, ":%d", frame->line);
	else if (!frame->file && frame->function && frame->module)
		fprintf(out, "  (%s)", frame_module_name(frame));
	fputc('\n', out);
}

/* Below its frame, where the reader of the report has the file. */
static void print_source(struct session *session, const struct frame *frame, FILE *out)
{
	size_t length;
	const char *line, *shown;

	if (session->options.no_source || frame->owner != OWNER_PROGRAM || !frame->file ||
	    !frame->line)
		return;
	line = source_text_line(session, frame->file, frame->line, &length);
	while (line && length && (*line == ' ' || *line == '\t')) {
		line++;
		length--;
	}
	if (!line || !length)
		return;
	shown = strings_keep_part(&session->strings, line,
				  length < LONGEST_SOURCE ? length : LONGEST_SOURCE);
	fprintf(out, "        | %s%s\n", shown, length > LONGEST_SOURCE ? "..." : "");
}

void text_stack_print(struct session *session, const struct stack *stack, const char *bold,
		      const char *plain, FILE *out)
{
	bool unfold = stack->place == stack->count;
	size_t folded = 0, end = stack->count;

	if (unfold && end > MAX_UNFOLDED)
		end = MAX_UNFOLDED;
	for (size_t i = 0; i < end; i++) {
		const struct frame *frame = &stack->frames[i];

		if (!unfold && frame->owner != OWNER_PROGRAM && i != stack->place) {
			folded++;
			continue;
		}
		print_fold("", frame - folded, folded, out);
		folded = 0;
		print_frame(session, frame, i == stack->place, bold, plain, out);
		if (i == stack->place)
			print_source(session, frame, out);
	}
	print_fold("", stack->frames + end - folded, folded, out);
	if (end < stack->count)
		fprintf(out, "      ... %zu frames more\n", stack->count - end);
}

void text_stack_print_folded(const struct stack *stack, FILE *out)
{
	print_fold("native ", stack->frames, stack->count, out);
}
