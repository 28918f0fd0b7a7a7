#include "order.h"

#include <stdlib.h>

typedef int (*compare)(const void *a, const void *b);

/* Larger values first. */
#define BY(name, type, value)                                                                      \
	static int name(const void *one, const void *other)                                        \
	{                                                                                          \
		const struct type *a = one, *b = other;                                            \
                                                                                                   \
		return (b->value > a->value) - (b->value < a->value);                              \
	}

BY(by_severity, top_finding, finding->severity)
BY(by_total, top_finding, finding->total_ns)
BY(by_rate, top_finding, rate)
BY(by_longest, top_finding, finding->max_ns)
BY(by_count, top_finding, finding->count)
BY(by_tasks, top_tasks, group->count)
BY(by_age, top_tasks, group->oldest_ns)
BY(by_wait, top_thread, thread->for_ns)

static int by_name(const void *one, const void *other)
{
	const struct top_thread *a = one, *b = other;

	return (a->thread->tid > b->thread->tid) - (a->thread->tid < b->thread->tid);
}

static int by_harm(const void *one, const void *other)
{
	int severity = by_severity(one, other);

	return severity ? severity : by_total(one, other);
}

static const struct order {
	const char *name;
	compare compare;
} findings[] = {
	{ "severity", by_harm },     { "total time", by_total }, { "rate", by_rate },
	{ "longest", by_longest }, { "count", by_count },
},
  tasks[] = { { "count", by_tasks }, { "age", by_age } },
  threads[] = { { "time", by_wait }, { "thread", by_name } };

static const struct {
	const struct order *orders;
	unsigned count;
} views[VIEWS] = {
	[VIEW_OVERVIEW] = { findings, 5 },
	[VIEW_FINDINGS] = { findings, 5 },
	[VIEW_TASKS] = { tasks, 2 },
	[VIEW_THREADS] = { threads, 2 },
};

static const struct order *top_order_of(enum top_view view, unsigned number)
{
	return &views[view].orders[number % views[view].count];
}

const char *order_name(enum top_view view, unsigned number)
{
	return top_order_of(view, number)->name;
}

void order_apply(enum top_view view, unsigned number, struct top_data *data)
{
	compare by = top_order_of(view, number)->compare;

	switch (view) {
	case VIEW_TASKS:
		qsort(data->tasks, data->task_count, sizeof *data->tasks, by);
		break;
	case VIEW_THREADS:
		qsort(data->threads, data->thread_count, sizeof *data->threads, by);
		break;
	default:
		qsort(data->findings, data->finding_count, sizeof *data->findings, by);
	}
}
