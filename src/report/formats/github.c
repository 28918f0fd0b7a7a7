/*
 * --format=github: workflow commands, which GitHub Actions shows as annotations at the lines of a
 * change (docs.github.com, "Workflow commands for GitHub Actions"). GitHub accepts ten of each
 * severity per step, so print the worst first.
 */
#include <string.h>

#include "format.h"
#include "report/model/kind.h"
#include "report/model/model.h"
#include "report/frames/source_path.h"
#include "report/wording/test_words.h"
#include "text.h"
#include "report/model/words.h"

/* Escapes as @actions/core does; in a property also its delimiters. */
static void print_escaped(FILE *out, const char *text, const char *special)
{
	for (; *text; text++)
		if (strchr(special, *text))
			fprintf(out, "%%%02X", (unsigned char)*text);
		else
			fputc(*text, out);
}

#define IN_MESSAGE  "%\r\n"
#define IN_PROPERTY "%\r\n:,"

static void print_finding(const struct report *report, const struct finding *finding, FILE *out)
{
	const struct frame *frame = stack_users_frame(finding_stack(finding));
	const char *words;

	fprintf(out, "::%s title=%s", severity_word(finding->severity),
		kind_of(finding->kind)->word);
	if (finding->category)
		fprintf(out, " (%s)", finding->category);
	if (frame) {
		fputs(",file=", out);
		print_escaped(out, source_path_in_repository(report->session, frame->file),
			      IN_PROPERTY);
		fprintf(out, ",line=%d", frame->line > 0 ? frame->line : 1);
	}
	fputs("::", out);
	print_escaped(out, finding->message, IN_MESSAGE);
	words = test_words(report->session, finding);
	if (words) {
		fputs("%0A", out);
		print_escaped(out, words, IN_MESSAGE);
	}
	fputs("%0AAdvice: ", out);
	print_escaped(out, finding->advice, IN_MESSAGE);
	fprintf(out, "%%0AId: %s\n", finding->id);
}

int format_github(const struct report *report, FILE *out)
{
	for (size_t i = 0; i < report->finding_count; i++)
		if (report->findings[i]->severity >= report->options->show)
			print_finding(report, report->findings[i], out);
	text_print_summary(report, out);
	return 0;
}
