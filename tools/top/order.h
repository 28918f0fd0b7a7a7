/* The orders in which the lists of `yieldsan top` can be sorted. */
#ifndef TOOLS_TOP_ORDER_H
#define TOOLS_TOP_ORDER_H

#include "screen.h"

/* What it is sorted by; `number` may be any: they repeat. */
const char *order_name(enum top_view view, unsigned number);

void order_apply(enum top_view view, unsigned number, struct top_data *data);

#endif
