#include "text_tasks.h"

#include "report/tasks/await_chain.h"
#include "report/model/model.h"
#include "report/wording/quantity.h"

#define MAX_GROUPS 40
#define MAX_ARMS   10 /* places of one group */

/* "12 tasks, 1 running" */
static void print_head(const struct process *process, FILE *out)
{
	const struct process_tasks *tasks = &process->tasks;
	uint64_t counts[] = { [TASK_RUNNING] = 0, [TASK_UNKNOWN] = 0 };
	char count[64];

	for (size_t i = 0; i < tasks->group_count; i++)
		counts[tasks->groups[i].state] += tasks->groups[i].count;
	fprintf(out, "    %s", quantity_of(count, tasks->count, "task"));
	if (counts[TASK_UNKNOWN] == tasks->count && tasks->count)
		fputs(" at most: a trace does not say which of them had ended by then", out);
	else if (counts[TASK_UNKNOWN])
		fprintf(out, " at most: %s of them may have ended by then",
			quantity_count(count, counts[TASK_UNKNOWN]));
	if (counts[TASK_RUNNING])
		fprintf(out, ", %s running", quantity_count(count, counts[TASK_RUNNING]));
	fputc('\n', out);
}

/* The moment at which the age of tasks is measured. */
static const char *const ends[] = {
	[PROCESS_RUNNING] = "",
	[PROCESS_SIGNALED] = " before the end",
	[PROCESS_LOST] = " before it was seen last",
};

/* "for TCP 127.0.0.1:8080 with peer 127.0.0.1:41234 (fd 9)"; NULL: for none. */
static const char *descriptor_text(struct strings *strings, const struct task_group *group)
{
	const struct group_sources *sources = &group->sources;

	if (!sources->with_descriptor)
		return NULL;
	if (group->count == 1)
		return strings_print(strings, "for %s (fd %d)%s", sources->file, sources->fd,
				     sources->several ? " or another" : "");
	return strings_print(strings, "%s for a socket or file, one for %s (fd %d)",
			     sources->with_descriptor < group->count ? "some" : "each",
			     sources->file, sources->fd);
}

/* "a timer that ends in 4.2 s"; NULL: for none. */
static const char *timer_text(struct strings *strings, const struct task_group *group)
{
	const struct group_sources *sources = &group->sources;
	bool ended = sources->deadline_ns < sources->looked_ns, one = group->count == 1;
	char duration[QUANTITY_SIZE];

	if (!sources->with_timer)
		return NULL;
	if (!sources->looked_ns)
		return "a timer";
	quantity_duration(duration, ended ? sources->looked_ns - sources->deadline_ns
					  : sources->deadline_ns - sources->looked_ns);
	return strings_print(
		strings, "a timer%s%s", one ? " that " : ", of which the first ",
		strings_print(strings, ended ? "ended %s ago" : "ends in %s", duration));
}

static const char *sources_text(struct strings *strings, const struct task_group *group)
{
	const char *file = descriptor_text(strings, group), *timer = timer_text(strings, group);

	if (!file && timer)
		return strings_print(strings, "%sfor %s",
				     group->count == 1				? ""
				     : group->sources.with_timer < group->count ? "some "
										: "each ",
				     timer);
	return timer ? strings_print(strings, "%s, or %s", file, timer) : file;
}

/* What a group's tasks wait for at once: from where the arms part. */
static void print_arms(const struct report *report, const struct group_arms *arms, FILE *out)
{
	const char *indent = "            ";
	uint64_t left = arms->elsewhere;
	char count[64];

	for (size_t i = 0; i < arms->count; i++) {
		const struct group_arm *arm = &arms->items[i];
		const struct stack tail = {
			.frames = arm->awaits.frames + arm->common,
			.count = arm->awaits.count - arm->common,
		};

		if (i >= MAX_ARMS)
			left += arm->count;
		else
			fprintf(out, "%s%s: %s\n", indent, quantity_of(count, arm->count, "arm"),
				await_chain_print(report->session, NULL, &tail));
	}
	if (left)
		fprintf(out, "%sand %s at other places (--format=json lists more)\n", indent,
			quantity_of(count, left, "arm"));
}

static void print_group(const struct report *report, const struct process *process,
			const struct task_group *group, FILE *out)
{
	const char *chain = await_chain_print(report->session, group->type, &group->awaits);
	const char *wait = group_wait_text(report->session, &group->wait, group->count);
	const char *sources = sources_text(&report->session->strings, group);
	char count[QUANTITY_SIZE], duration[QUANTITY_SIZE];

	fprintf(out, "    %6s  %s", quantity_count(count, group->count), chain);
	if (group->state == TASK_RUNNING || group->state == TASK_WOKEN)
		fprintf(out, ", %s", task_state_word(group->state));
	if (group->poller_count)
		fprintf(out, ", polled now by %s", group->pollers[0].words);
	if (group->poller_count > 1)
		fprintf(out, " and %zu more", group->poller_count - 1);
	if (group->oldest_ns && group->state != TASK_RUNNING)
		fprintf(out, ", %s%s %s%s", group->state == TASK_UNKNOWN ? "polled" : "for",
			group->count > 1 ? " up to" : "",
			quantity_duration(duration, group->oldest_ns), ends[process->end]);
	if (wait)
		fprintf(out, ", %s", wait);
	if (sources)
		fprintf(out, ", %s%s", wait ? "or " : "", sources);
	fputc('\n', out);
	print_arms(report, &group->arms, out);
}

void text_tasks_print(const struct report *report, const struct process *process, FILE *out)
{
	const struct process_tasks *tasks = &process->tasks;
	char count[64];

	if (!report->options->tasks ||
	    (process->end != PROCESS_RUNNING && process->end != PROCESS_SIGNALED &&
	     process->end != PROCESS_LOST))
		return;
	if (tasks->count || process_lists_tasks(process) || !tasks->problem)
		print_head(process, out);
	for (size_t i = 0; i < tasks->group_count && i < MAX_GROUPS; i++)
		print_group(report, process, &tasks->groups[i], out);
	if (tasks->group_count > MAX_GROUPS)
		fprintf(out, "            and %zu groups more (--format=json lists all)\n",
			tasks->group_count - MAX_GROUPS);
	if (tasks->replaced)
		fprintf(out, "    %s found no room for long in the trace: tasks may be missing\n",
			quantity_of(count, tasks->replaced, "task"));
	if (tasks->problem)
		fprintf(out, "    %s.\n", tasks->problem);
}
