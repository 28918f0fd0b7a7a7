#include "why.h"

static const struct {
	enum reason_effect effect;
	const char *word, *sentence;
} reasons[] = {
#define REASON(name, effect, word, sentence) { REASON_##effect, word, sentence },
#include "judgement/reasons.def"
#undef REASON
};

const char *reason_word(enum reason reason)
{
	return reasons[reason].word;
}

const char *reason_sentence(enum reason reason)
{
	return reasons[reason].sentence;
}

const char *reason_effect_word(enum reason reason)
{
	static const char *const words[] = {
		[REASON_GIVES] = "rule",
		[REASON_RAISES] = "raised",
		[REASON_LOWERS] = "lowered",
		[REASON_DOUBTS] = "less sure",
	};

	return words[reasons[reason].effect];
}

bool reasons_name_load(reason_set set)
{
	return (set & (REASON_BIT(REASON_LOAD) | REASON_BIT(REASON_DISK_BUSY) |
		       REASON_BIT(REASON_LOADED_WORK) | REASON_BIT(REASON_SHORT_LOCK) |
		       REASON_BIT(REASON_DOUBTFUL_WAIT))) != 0;
}
