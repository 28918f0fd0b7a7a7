#include "allowance.h"

#include "inspect/session.h"
#include "process.h"

/* Adds to a list that has room. Compares kept strings by pointer. */
static void allowance_add_reason(struct allowance *list, size_t *count, const char *reason,
				 uint64_t events)
{
	for (size_t i = 0; i < *count; i++)
		if (list[i].reason == reason) {
			list[i].events += events;
			return;
		}
	list[(*count)++] = (struct allowance){ reason, events };
}

size_t allowances_read(struct session *session, const struct trace_file *trace,
		       struct allowance **allowances)
{
	size_t records = trace->records[RECORD_ALLOWANCE].count, count = 0;

	*allowances = obstack_alloc(&session->memory, (records + 1) * sizeof **allowances);
	for (size_t i = 0; i < records; i++) {
		const struct trace_allowance *record =
			(const void *)(trace->bytes + trace->records[RECORD_ALLOWANCE].offsets[i]);

		allowance_add_reason(
			*allowances, &count,
			strings_keep_part(&session->strings, record->reason, sizeof record->reason),
			record->events);
	}
	return count;
}

size_t allowances_of_all(struct session *session, const struct process *processes,
			 struct allowance **allowances)
{
	size_t room = 1, count = 0;

	for (const struct process *process = processes; process; process = process->next)
		room += process->allowance_count;
	*allowances = obstack_alloc(&session->memory, room * sizeof **allowances);
	for (const struct process *process = processes; process; process = process->next)
		for (size_t i = 0; i < process->allowance_count; i++)
			allowance_add_reason(*allowances, &count, process->allowances[i].reason,
					     process->allowances[i].events);
	return count;
}
