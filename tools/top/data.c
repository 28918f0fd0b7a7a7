#include "data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/explain/explain.h"
#include "report/report.h"
#include "support/clock.h"
#include "support/hash.h"

/* The session's memory only grows: it is renewed after so many reports. */
#define SESSION_REPORTS 600

/* What was counted when the report was taken, by the id of a finding or by process and executor. */
struct top_counts {
	char key[96];
	uint64_t count, busy_ns, span_ns;
	UT_hash_handle hh;
};

static const struct top_counts *former_of(const struct top_data *data, const char *key)
{
	struct top_counts *found;

	HASH_FIND_STR(data->former, key, found);
	return found;
}

static void keep_counts(struct top_data *data, const char *key, uint64_t count, uint64_t busy_ns,
			uint64_t span_ns)
{
	struct top_counts *counts = memory_get(sizeof *counts);

	*counts = (struct top_counts){ .count = count, .busy_ns = busy_ns, .span_ns = span_ns };
	snprintf(counts->key, sizeof counts->key, "%s", key);
	HASH_ADD_STR(data->present, key, counts);
}

static void free_counts(struct top_counts **all)
{
	struct top_counts *counts, *next;

	HASH_ITER (hh, *all, counts, next) {
		HASH_DEL(*all, counts);
		free(counts);
	}
}

static double rate_of(uint64_t now, uint64_t before, double seconds)
{
	return now >= before && seconds > 0 ? (double)(now - before) / seconds : -1;
}

static const struct hang *top_hang_of(const struct top_data *data, const struct process *process)
{
	for (size_t i = 0; i < data->look_count; i++)
		if (data->hangs[i].process &&
		    !strcmp(data->hangs[i].process->trace_path, process->trace_path))
			return &data->hangs[i];
	return NULL;
}

static const struct hung_thread *worst_of(const struct hang *hang, const char *executor)
{
	const struct hung_thread *worst = NULL;

	for (size_t i = 0; hang && i < hang->count; i++) {
		const struct hung_thread *thread = &hang->threads[i];

		if (thread->doing != DOING_NOTHING && thread->executor &&
		    !strcmp(thread->executor, executor) &&
		    (!worst || thread->for_ns > worst->for_ns))
			worst = thread;
	}
	return worst;
}

static void top_add_executor(struct top_data *data, const struct process *process,
			     const struct process_executor *executor, double seconds)
{
	struct top_executor *row = &data->executors[data->executor_count++];
	const struct turn_lengths *lengths = &executor->lengths;
	const struct top_counts *former;
	char key[sizeof former->key];

	snprintf(key, sizeof key, "%" PRId64 " %s", process->pid, executor->name);
	former = former_of(data, key);
	*row = (struct top_executor){ .process = process, .executor = executor };
	row->turns_rate = former ? rate_of(executor->turns, former->count, seconds) : -1;
	row->busy = lengths->busy_share;
	if (former && lengths->span_ns > former->span_ns && lengths->busy_ns >= former->busy_ns)
		row->busy = (double)(lengths->busy_ns - former->busy_ns) /
			    (double)(lengths->span_ns - former->span_ns);
	if (row->busy > 1)
		row->busy = 1;
	if (row->turns_rate > 0)
		data->turns_rate += row->turns_rate;
	row->worst = worst_of(top_hang_of(data, process), executor->name);
	keep_counts(data, key, executor->turns, lengths->busy_ns, lengths->span_ns);
}

static void add_executors(struct top_data *data, double seconds)
{
	const struct process *process;
	size_t count = 0;

	for (process = data->report.processes; process; process = process->next)
		count += process->executor_count;
	data->executors = memory_get((count + 1) * sizeof *data->executors);
	data->executor_count = 0;
	data->turns_rate = 0;
	for (process = data->report.processes; process; process = process->next)
		for (size_t i = 0; i < process->executor_count; i++)
			top_add_executor(data, process, &process->executors[i], seconds);
}

static void add_findings(struct top_data *data, double seconds)
{
	data->finding_count = data->report.finding_count;
	data->findings = memory_get((data->finding_count + 1) * sizeof *data->findings);
	for (size_t i = 0; i < data->finding_count; i++) {
		const struct finding *finding = data->report.findings[i];
		const struct top_counts *former = former_of(data, finding->id);

		data->findings[i] = (struct top_finding){
			.finding = finding,
			.rate = former ? rate_of(finding->count, former->count, seconds) : -1,
		};
		keep_counts(data, finding->id, finding->count, 0, 0);
	}
}

static int compare_tasks(const void *one, const void *other)
{
	const struct top_tasks *a = one, *b = other;

	return (a->group->count < b->group->count) - (a->group->count > b->group->count);
}

static int compare_threads(const void *one, const void *other)
{
	const struct top_thread *a = one, *b = other;
	bool a_blocked = hung_thread_is_blocked(a->thread);
	bool b_blocked = hung_thread_is_blocked(b->thread);

	if (a_blocked != b_blocked)
		return a_blocked ? -1 : 1;
	return (a->thread->for_ns < b->thread->for_ns) - (a->thread->for_ns > b->thread->for_ns);
}

static void add_threads_and_tasks(struct top_data *data)
{
	size_t threads = 0, tasks = 0;

	for (size_t i = 0; i < data->look_count; i++) {
		threads += data->hangs[i].count;
		tasks += data->hangs[i].process ? data->hangs[i].process->tasks.group_count : 0;
	}
	data->threads = memory_get((threads + 1) * sizeof *data->threads);
	data->tasks = memory_get((tasks + 1) * sizeof *data->tasks);
	data->thread_count = data->task_count = 0;
	for (size_t i = 0; i < data->look_count; i++) {
		const struct hang *hang = &data->hangs[i];

		for (size_t j = 0; j < hang->count; j++)
			data->threads[data->thread_count++] =
				(struct top_thread){ hang, &hang->threads[j] };
		for (size_t j = 0; hang->process && j < hang->process->tasks.group_count; j++)
			data->tasks[data->task_count++] =
				(struct top_tasks){ hang->process,
						    &hang->process->tasks.groups[j] };
	}
	qsort(data->threads, data->thread_count, sizeof *data->threads, compare_threads);
	qsort(data->tasks, data->task_count, sizeof *data->tasks, compare_tasks);
}

static void top_look_at(struct top_data *data, char **paths, size_t count)
{
	char sentence[EXPLAIN_SENTENCE_SIZE];

	data->looks = memory_get((count + 1) * sizeof *data->looks);
	data->hangs = memory_get((count + 1) * sizeof *data->hangs);
	data->look_count = count;
	for (size_t i = 0; i < count; i++) {
		data->looks[i] = (struct report){
			.session = &data->session,
			.options = &data->options,
		};
		data->hangs[i] = (struct hang){ .session = &data->session };
		obstack_init(&data->looks[i].memory);
		explain_read(&data->hangs[i], &data->looks[i], paths[i], sentence);
	}
}

static void top_data_forget(struct top_data *data)
{
	if (!data->is_read)
		return;
	data->is_read = false;
	for (size_t i = 0; i < data->look_count; i++)
		obstack_free(&data->looks[i].memory, NULL);
	free(data->looks);
	free(data->hangs);
	free(data->executors);
	free(data->findings);
	free(data->tasks);
	free(data->threads);
	report_free(&data->report);
}

void top_data_init(struct top_data *data, const struct report_options *options)
{
	*data = (struct top_data){ .options = *options };
	session_init(&data->session, &options->session);
}

void top_data_take(struct top_data *data, char **paths, size_t count)
{
	static unsigned reports;
	uint64_t now = clock_monotonic_ns();
	double seconds = data->taken_ns ? (double)(now - data->taken_ns) / 1e9 : 0;

	top_data_forget(data);
	if (++reports % SESSION_REPORTS == 0) {
		report_session_deinit(&data->session);
		session_init(&data->session, &data->options.session);
	}
	data->taken_ns = now;
	data->former = data->present;
	data->present = NULL;
	data->report = (struct report){ .session = &data->session, .options = &data->options };
	report_read(&data->report, paths, count);
	top_look_at(data, paths, count);
	add_executors(data, seconds);
	add_findings(data, seconds);
	add_threads_and_tasks(data);
	free_counts(&data->former);
	data->is_read = true;
}

void top_data_deinit(struct top_data *data)
{
	top_data_forget(data);
	free_counts(&data->present);
	report_session_deinit(&data->session);
}
