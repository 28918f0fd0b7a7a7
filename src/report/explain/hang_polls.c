#include "hang_polls.h"

#include <string.h>

#include "hang.h"
#include "inspect/session.h"
#include "report/model/process.h"

static void set_pollers(const struct hang *hang, struct task_group *group)
{
	struct task_poller *pollers =
		obstack_alloc(&hang->session->memory, (hang->count + 1) * sizeof *group->pollers);

	group->pollers = pollers;
	for (size_t i = 0; i < hang->count; i++) {
		const struct hung_thread *thread = &hang->threads[i];

		/* More than the running tasks: the threads were looked at later. */
		if (thread->task && !strcmp(thread->task, group->type) &&
		    group->poller_count < group->count)
			pollers[group->poller_count++] = (struct task_poller){
				.tid = thread->tid,
				.words = hung_thread_words(hang->session, thread),
			};
	}
}

void hang_set_polls(const struct hang *hang, struct process *process)
{
	for (size_t i = 0; i < process->tasks.group_count; i++)
		if (process->tasks.groups[i].state == TASK_RUNNING)
			set_pollers(hang, &process->tasks.groups[i]);
}
