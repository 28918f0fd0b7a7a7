#include "spans.h"

#include <stdlib.h>
#include <string.h>

#include "support/memory.h"

void spans_add(struct spans *spans, uint64_t low, uint64_t high, size_t value)
{
	if (low >= high)
		return;
	spans->items = memory_grow(spans->items, spans->count, &spans->room, sizeof *spans->items);
	spans->items[spans->count++] = (struct span){ .low = low, .high = high, .value = value };
}

static int compare_spans(const void *one, const void *other)
{
	const struct span *a = one, *b = other;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high > b->high ? -1 : 1;
	return a->value < b->value ? -1 : a->value > b->value;
}

void spans_sort(struct spans *spans)
{
	uint64_t top = 0;

	if (!spans->count)
		return;
	qsort(spans->items, spans->count, sizeof *spans->items, compare_spans);
	for (size_t i = 0; i < spans->count; i++) {
		if (spans->items[i].high > top)
			top = spans->items[i].high;
		spans->items[i].top = top;
	}
}

const struct span *spans_find(const struct spans *spans, uint64_t address)
{
	size_t low = 0, high = spans->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (spans->items[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	while (low > 0 && spans->items[low - 1].top > address) {
		low--;
		if (spans->items[low].high > address)
			return &spans->items[low];
	}
	return NULL;
}

void spans_deinit(struct spans *spans)
{
	free(spans->items);
	memset(spans, 0, sizeof *spans);
}
