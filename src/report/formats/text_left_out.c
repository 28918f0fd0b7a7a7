#include "text_left_out.h"

#include "report/filters/baseline.h"
#include "report/wording/headline.h"
#include "report/model/model.h"
#include "report/wording/quantity.h"
#include "report/filters/suppressions.h"

static void print_suppression(const struct report *report, const struct suppression *rule,
			      FILE *out)
{
	char findings[64], times[64];

	fprintf(out, "  %s:%u: %s: ", shown_path(report->session, rule->path), rule->line,
		rule->text);
	if (rule->findings)
		fprintf(out, "%s, %s", quantity_of(findings, rule->findings, "finding"),
			quantity_of(times, rule->events, "time"));
	else
		fputs("matched nothing", out);
	if (rule->reason)
		fprintf(out, " (%s)", rule->reason);
	fputc('\n', out);
}

static void print_suppressions(const struct report *report, FILE *out)
{
	const struct suppressions *suppressions = report->options->suppressions;

	if (!suppressions || !suppressions->count)
		return;
	fputs("Suppressed\n", out);
	for (size_t i = 0; i < suppressions->count; i++)
		print_suppression(report, &suppressions->rules[i], out);
	fputc('\n', out);
}

static void print_allowances(const struct report *report, FILE *out)
{
	struct allowance *allowances;
	size_t count = allowances_of_all(report->session, report->processes, &allowances);
	char times[64];

	if (!count)
		return;
	fputs("Allowed by the program\n", out);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "  %s: %s\n", allowances[i].reason,
			quantity_of(times, allowances[i].events, "time"));
	fputc('\n', out);
}

static void print_baseline(const struct report *report, FILE *out)
{
	const struct baseline *baseline = report->options->baseline;
	char text[64];

	if (!baseline)
		return;
	fprintf(out, "Baseline\n  %s known",
		quantity_of(text, report->summary.baseline, "finding"));
	if (baseline->count > baseline->seen)
		fprintf(out, "; %s of it not found again",
			quantity_of(text, baseline->count - baseline->seen, "line"));
	fputs("\n\n", out);
}

void text_left_out_print(const struct report *report, FILE *out)
{
	print_suppressions(report, out);
	print_allowances(report, out);
	print_baseline(report, out);
}
