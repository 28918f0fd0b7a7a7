#include "held_value.h"

#include <string.h>

#include "headline.h"
#include "model.h"
#include "quantity.h"

const char *held_value_subject(struct report *report, const struct finding *finding)
{
	bool owned = finding->kind == KIND_LOCK_ACROSS_YIELD ||
		     finding->kind == KIND_BORROW_ACROSS_YIELD;

	return strings_print(&report->strings, "%s, a %s, %s across an await", finding->variable,
			     finding->what, owned ? "is held" : "lives");
}

static const struct finding_stack *declaration(const struct finding *finding)
{
	for (size_t i = 0; i < finding->stack_count; i++)
		if (finding->stacks[i].role == ROLE_ACQUIRED)
			return &finding->stacks[i];
	return NULL;
}

const char *held_value_cost(struct report *report, const struct finding *finding)
{
	const struct finding_stack *declared = declaration(finding);
	struct strings *strings = &report->strings;
	char count[QUANTITY_SIZE];
	const char *text = "not named in the source";

	if (declared) {
		const struct frame *frame = &declared->native.frames[0];

		text = strings_print(strings, "declared at %s:%d",
				     path_name(shown_path(report, frame->file)), frame->line);
	}
	if (finding->bytes)
		text = strings_print(strings, "%llu bytes, %s", (unsigned long long)finding->bytes,
				     text);
	if (finding->spawned_on)
		text = strings_print(strings, "%s, spawned on %s", text, finding->spawned_on);
	if (finding->count > 1)
		text = strings_print(strings, "%s, in %s versions of the function", text,
				     quantity_count(count, finding->count));
	return text;
}
