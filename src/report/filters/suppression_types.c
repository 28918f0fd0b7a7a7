#include "suppression_types.h"

#include <string.h>

#include "report/model/finding.h"
#include "shared/pattern.h"
#include "report/model/words.h"

typedef bool pattern_test(const char *pattern, size_t length, const char *text);

/* Whether a text of the condition's kind matches its pattern, in any frame of the finding. */
static bool any_frame(const struct suppression_condition *condition, const struct finding *finding,
		      const char *(*text_of)(const struct frame *frame), pattern_test *test)
{
	for (size_t i = 0; i < finding->stack_count; i++) {
		const struct stack *faces[] = { &finding->stacks[i].native,
						&finding->stacks[i].script };

		for (size_t j = 0; j < 2; j++)
			for (size_t k = 0; k < faces[j]->count; k++) {
				const char *text = text_of(&faces[j]->frames[k]);

				if (text && test(condition->pattern, condition->length, text))
					return true;
			}
	}
	return false;
}

static bool text_is_like(const struct suppression_condition *condition, const char *text)
{
	return text && pattern_matches(condition->pattern, condition->length, text);
}

static bool finding_is_of_call(const struct suppression_condition *condition,
			       const struct finding *finding)
{
	return text_is_like(condition, finding->call);
}

static bool is_kind(const struct suppression_condition *condition, const struct finding *finding)
{
	return text_is_like(condition, kind_of(finding->kind)->word);
}

static bool is_executor(const struct suppression_condition *condition,
			const struct finding *finding)
{
	return text_is_like(condition, finding->executor) ||
	       text_is_like(condition, family_word(finding->family));
}

static bool is_id(const struct suppression_condition *condition, const struct finding *finding)
{
	bool is = text_is_like(condition, finding->id) ||
		  (*finding->former_id && text_is_like(condition, finding->former_id));

	for (size_t i = 0; i < finding->path_id_count; i++)
		is |= text_is_like(condition, finding->path_ids[i]);
	return is;
}

static const char *suppression_function(const struct frame *frame)
{
	return frame->function;
}

static bool finding_has_function(const struct suppression_condition *condition,
				 const struct finding *finding)
{
	return any_frame(condition, finding, suppression_function, pattern_matches);
}

static const char *file_of(const struct frame *frame)
{
	return frame->file;
}

static bool has_file(const struct suppression_condition *condition, const struct finding *finding)
{
	return any_frame(condition, finding, file_of, pattern_matches_path);
}

static const char *module_of(const struct frame *frame)
{
	return frame->module;
}

static bool has_module(const struct suppression_condition *condition, const struct finding *finding)
{
	return any_frame(condition, finding, module_of, pattern_matches_path);
}

/* Whether the pattern can match a kind of finding: otherwise a misspelt kind would never match,
 * without any message. */
static bool may_be_kind(const char *pattern, size_t length)
{
	for (int kind = 0; kind < FINDING_KINDS_COUNT; kind++)
		if (pattern_matches(pattern, length, kind_of((enum finding_kind)kind)->word))
			return true;
	return false;
}

static bool may_be_id(const char *pattern, size_t length)
{
	return length <= 16 && strspn(pattern, "0123456789abcdef*") >= length &&
	       (length == 16 || memchr(pattern, '*', length));
}

const struct suppression_type suppression_types[] = {
	{ "call", finding_is_of_call, NULL, NULL },
	{ "function", finding_has_function, NULL, NULL },
	{ "file", has_file, NULL, NULL },
	{ "module", has_module, NULL, NULL },
	{ "kind", is_kind, may_be_kind, "a kind of finding, such as blocking-call" },
	{ "executor", is_executor, NULL, NULL },
	{ "id", is_id, may_be_id, "the 16 hexadecimal digits of a finding's id" },
};

const size_t suppression_type_count = sizeof suppression_types / sizeof *suppression_types;
