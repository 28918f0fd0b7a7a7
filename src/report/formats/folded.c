/*
 * --format=folded: `outermost;...;innermost NANOSECONDS`, a line for each stack, for flamegraph.pl,
 * inferno and speedscope. The first element names the executor.
 */
#include <errno.h>
#include <inttypes.h>

#include "format.h"
#include "report/model/model.h"
#include "shared/text.h"
#include "weighted_stacks.h"

/* A semicolon ends an element. */
static void print_element(const char *text, FILE *out)
{
	for (; *text; text++)
		fputc(*text == ';' ? ':' : *text, out);
}

static void folded_print_frame(const struct frame *frame, FILE *out)
{
	fputc(';', out);
	if (frame->function) {
		print_element(frame->function, out);
	} else {
		print_element(frame->module ? path_name(frame->module) : "[unknown]", out);
		fprintf(out, "+0x%" PRIx64, frame->offset);
	}
}

static void folded_print_stack(void *target, const struct weighted_stack *seen)
{
	FILE *out = target;

	if (!seen->ns)
		return;
	print_element(seen->finding->executor, out);
	for (size_t i = seen->stack->count; i-- > 0;)
		folded_print_frame(&seen->stack->frames[i], out);
	if (seen->finding->call && !seen->busy) {
		fputc(';', out);
		print_element(seen->finding->call, out);
	}
	fprintf(out, " %" PRIu64 "\n", seen->ns);
}

int format_folded(const struct report *report, FILE *out)
{
	weighted_stacks_visit(report, folded_print_stack, out);
	return ferror(out) ? -(errno ? errno : EIO) : 0;
}
