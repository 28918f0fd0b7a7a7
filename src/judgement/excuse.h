/* Why a blocking call is not a finding. */
#ifndef JUDGEMENT_EXCUSE_H
#define JUDGEMENT_EXCUSE_H

#define EXCUSE(name, sentence) EXCUSE_##name,
enum excuse {
#include "excuses.def"
};
#undef EXCUSE

#endif
