#include "held_value.h"

#include <string.h>

#include "headline.h"
#include "inspect/session.h"
#include "report/model/finding.h"
#include "report/model/kind.h"
#include "quantity.h"
#include "shared/text.h"

const char *held_value_subject(struct session *session, const struct finding *finding)
{
	bool owned = finding->kind == KIND_LOCK_ACROSS_YIELD ||
		     finding->kind == KIND_BORROW_ACROSS_YIELD;

	if (!finding->variable)
		return strings_print(&session->strings, "a task that is spawned, a %s, is large",
				     finding->what);
	return strings_print(&session->strings, "%s, a %s, %s across %s", finding->variable,
			     finding->what, owned ? "is held" : "lives",
			     finding->family == FAMILY_COROUTINE ? "a co_await" : "an await");
}

static const struct finding_stack *declaration_stack(const struct finding *finding)
{
	for (size_t i = 0; i < finding->stack_count; i++)
		if (finding->stacks[i].role == ROLE_ACQUIRED)
			return &finding->stacks[i];
	return NULL;
}

/* In a program that ran: "held across 5 yields, for 20 ms in total, longest 9 ms, and still held"
 */
static const char *value_observed(struct session *session, const struct finding *finding)
{
	char yields[64], total[QUANTITY_SIZE], longest[QUANTITY_SIZE];
	struct strings *strings = &session->strings;
	const char *text = strings_print(strings, "held across %s, for %s%s",
					 quantity_of(yields, finding->yields, "yield"),
					 quantity_duration(total, finding->total_ns),
					 finding->yields > 1 ? " in total" : "");

	if (finding->yields > 1)
		text = strings_print(strings, "%s, longest %s", text,
				     quantity_duration(longest, finding->max_ns));
	return finding->in_progress ? strings_print(strings, "%s, and still held", text) : text;
}

const char *held_value_cost(struct session *session, const struct finding *finding)
{
	const struct finding_stack *declared = declaration_stack(finding);
	struct strings *strings = &session->strings;
	char count[QUANTITY_SIZE];
	const char *text = !finding->variable			  ? "with all that it awaits"
			   : strcmp(finding->variable, "a guard") ? "not named in the source"
								  : "which one it is is not known";

	if (declared && declared->native.frames[0].file) {
		const struct frame *frame = &declared->native.frames[0];

		text = strings_print(strings, "declared at %s:%d",
				     path_name(shown_path(session, frame->file)), frame->line);
	}
	if (finding->bytes)
		text = strings_print(strings, "%llu bytes, %s", (unsigned long long)finding->bytes,
				     text);
	if (finding->yields)
		return strings_print(strings, "%s, %s", value_observed(session, finding), text);
	if (finding->spawned_on)
		text = strings_print(strings, "%s, spawned on %s", text, finding->spawned_on);
	if (finding->count > 1)
		text = strings_print(strings, "%s, in %s versions of the function", text,
				     quantity_count(count, finding->count));
	return text;
}
