#include "text_stack.h"

#include <inttypes.h>
#include <string.h>

#include "report/wording/headline.h"
#include "inspect/session.h"
#include "text_source.h"
#include "text_style.h"

#define MAX_NAMED_PACKAGES 3
#define MAX_UNFOLDED	   20 /* of a stack without any frame of the program */
#define MAX_SHOWN	   10 /* frames of the program */

static const char *package_of(const struct frame *frame)
{
	if (frame->package)
		return frame->package;
	return frame->module ? frame_module_name(frame) : "code made at run time";
}

/* "tokio, std and 2 others", in the order they appear. */
static void print_packages(const struct frame *frames, size_t count, FILE *out)
{
	const char *packages[MAX_NAMED_PACKAGES];
	size_t known = 0, others = 0;

	for (size_t i = 0; i < count; i++) {
		const char *package = package_of(&frames[i]);
		size_t j;

		for (j = 0; j < i; j++)
			if (!strcmp(package_of(&frames[j]), package))
				break;
		if (j < i)
			continue;
		if (known < MAX_NAMED_PACKAGES)
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

static void stack_print_frame(struct session *session, const struct frame *frame, bool mark,
			      const struct text_style *style, FILE *out)
{
	fprintf(out, "    %s ", mark ? ">" : " ");
	if (frame->function)
		fprintf(out, "%s%s%s%s", mark ? style->bold : "", frame->function,
			frame_doubt(frame), mark ? style->plain : "");
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

/* The callers beyond what is shown. */
static void print_rest(size_t count, FILE *out)
{
	if (count)
		fprintf(out, "      ... %zu more frame%s\n", count, count == 1 ? "" : "s");
}

static void print_whole(struct session *session, const struct stack *stack, size_t end,
			const struct text_style *style, bool source, FILE *out)
{
	for (size_t i = 0; i < end; i++) {
		stack_print_frame(session, &stack->frames[i], i == stack->place, style, out);
		if (i == stack->place && source)
			text_source_print_below(session, &stack->frames[i], style, out);
	}
	print_rest(stack->count - end, out);
}

void text_stack_print(struct session *session, const struct stack *stack,
		      const struct text_style *style, bool source, FILE *out)
{
	size_t folded = 0, shown = 0;

	if (style->full || stack->place == stack->count) {
		size_t most = style->full ? stack->count : MAX_UNFOLDED;

		print_whole(session, stack, stack->count < most ? stack->count : most, style,
			    source, out);
		return;
	}
	for (size_t i = 0; i < stack->count; i++) {
		const struct frame *frame = &stack->frames[i];

		if (frame->owner != OWNER_PROGRAM && i != stack->place) {
			folded++;
			continue;
		}
		print_fold("", frame - folded, folded, out);
		folded = 0;
		if (i > stack->place && shown >= MAX_SHOWN) {
			print_rest(stack->count - i, out);
			return;
		}
		stack_print_frame(session, frame, i == stack->place, style, out);
		shown++;
		if (i == stack->place && source)
			text_source_print_below(session, frame, style, out);
	}
	print_fold("", stack->frames + stack->count - folded, folded, out);
}

void text_stack_print_folded(const struct stack *stack, FILE *out)
{
	print_fold("native ", stack->frames, stack->count, out);
}
