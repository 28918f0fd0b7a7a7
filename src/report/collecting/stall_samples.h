/* What long turns were doing: samples, collected from all processes and given to their findings. */
#ifndef REPORT_STALL_SAMPLES_H
#define REPORT_STALL_SAMPLES_H

#include "stalls.h"

/* `seen`: as the finding of its turn, with one stack; `ns`: the time for which the sample stands.
 */
void stall_sample_keep(struct stalls *stalls, const struct finding *seen, uint64_t ns);

#endif
