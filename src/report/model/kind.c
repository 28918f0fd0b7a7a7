#include "kind.h"

static const struct kind kinds[] = {
#define KIND(constant, name, word, title)                                                          \
	{ word, title, name##_subject, name##_cost, name##_advice },
	FINDING_KINDS(KIND)
#undef KIND
};

const struct kind *kind_of(enum finding_kind kind)
{
	return &kinds[kind];
}
