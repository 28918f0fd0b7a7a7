#include "hang_formats.h"

#include <inttypes.h>
#include <string.h>

#include "hang.h"
#include "report/formats/text.h"
#include "report/formats/text_stack.h"
#include "report/formats/text_style.h"
#include "report/formats/text_tasks.h"
#include "report/model/model.h"
#include "report/wording/quantity.h"

static void print_duration(const char *before, uint64_t ns, FILE *out)
{
	char text[QUANTITY_SIZE];

	if (ns)
		fprintf(out, "%s%s", before, quantity_duration(text, ns));
}

static void hang_print_stack(const struct hang *hang, const struct stack *stack, FILE *out)
{
	if (stack->count)
		text_stack_print(hang->session, stack, &text_style_plain, true, out);
}

static void print_name(const char *before, const char *name, int64_t id, FILE *out)
{
	if (name)
		fprintf(out, "%s%s (%" PRId64 ")", before, name, id);
	else
		fprintf(out, "%s%" PRId64, before, id);
}

static void print_ender(const struct hang *hang, const struct hung_thread *thread, FILE *out)
{
	const struct ender *ender = &thread->ender;

	switch (ender->kind) {
	case ENDER_UNKNOWN:
		fprintf(out, "    who can end this is not known\n");
		return;
	case ENDER_TIME:
		fprintf(out, "    ends by itself\n");
		return;
	case ENDER_SELF:
		fprintf(out, "    held by this thread itself");
		if (ender->words)
			fprintf(out, ", %s", ender->words);
		fprintf(out, "%s\n",
			ender->acquired.count ? ", taken at:"
			: ender->now.count    ? ", in:"
					      : "");
		break;
	case ENDER_THREAD:
		print_name(thread->lock ? "    held by thread " : "    can be ended by thread ",
			   ender->name, ender->id, out);
		print_duration(", for ", ender->for_ns, out);
		fprintf(out, "%s\n", ender->now.count ? ", which is at:" : "");
		break;
	case ENDER_TASK:
		fprintf(out, "    held by %s", ender->words ? ender->words : "a suspended task");
		if (ender->task)
			fprintf(out, " (%s)", ender->task);
		print_duration(", for ", ender->for_ns, out);
		fprintf(out, "%s\n", ender->now.count ? ", which waits at:" : "");
		break;
	case ENDER_PROCESS:
		print_name("    can be ended by process ", ender->name, ender->id, out);
		fprintf(out, "%s\n",
			ender->id == hang->process->pid ? ": itself, which alone has the other end"
							: "");
		break;
	}
	hang_print_stack(hang, &ender->now, out);
	if (ender->acquired.count && ender->kind != ENDER_SELF)
		fprintf(out, "    taken at:\n");
	hang_print_stack(hang, &ender->acquired, out);
}

void hang_print_doing(const struct hung_thread *thread, FILE *out)
{
	switch (thread->doing) {
	case DOING_NOTHING:
		fprintf(out, "waits for work");
		break;
	case DOING_COMPUTE:
		fprintf(out, "computes");
		break;
	case DOING_BLOCK_ON:
		fprintf(out, "waits for a future in %s", thread->what);
		break;
	case DOING_CALL:
	case DOING_WAIT:
		if (thread->function)
			fprintf(out, "in %s (%s)", thread->function, thread->what);
		else
			fprintf(out, "in %s", thread->what ? thread->what : "a system call");
		if (thread->system_call)
			fprintf(out, " (%s)", thread->system_call);
		if (thread->subject)
			fprintf(out, " on %s", thread->subject);
		break;
	}
	print_duration(thread->is_turns ? ", in a turn that began " : ", for ", thread->for_ns,
		       out);
	if (thread->is_turns && thread->for_ns)
		fprintf(out, " ago");
}

/* Threads that wait for one lock at one place are shown once, by the first. */
static bool thread_is_like(const struct hung_thread *a, const struct hung_thread *b)
{
	const struct frame *one = stack_place(&a->native), *other = stack_place(&b->native);

	return a->doing == b->doing && a->lock == b->lock && a->executor == b->executor && one &&
	       other && one->function == other->function && one->line == other->line &&
	       a->ender.kind == b->ender.kind && a->ender.id == b->ender.id;
}

static bool is_shown(const struct hang *hang, size_t number)
{
	for (size_t i = 0; i < number; i++)
		if (hung_thread_is_blocked(&hang->threads[i]) &&
		    thread_is_like(&hang->threads[i], &hang->threads[number]))
			return true;
	return false;
}

static void print_blocked(const struct hang *hang, size_t number, FILE *out)
{
	const struct hung_thread *thread = &hang->threads[number];
	size_t others = 0;

	for (size_t i = number + 1; i < hang->count; i++)
		others += hung_thread_is_blocked(&hang->threads[i]) &&
			  thread_is_like(thread, &hang->threads[i]);
	fprintf(out, "  %s, %s", hung_thread_words(hang->session, thread), thread->executor);
	if (others)
		fprintf(out, ", and %zu more", others);
	fprintf(out, ": ");
	hang_print_doing(thread, out);
	fputc('\n', out);
	if (thread->task)
		fprintf(out, "    task: %s\n", thread->task);
	if (thread->script.count) {
		hang_print_stack(hang, &thread->script, out);
		text_stack_print_folded(&thread->native, out);
	} else {
		hang_print_stack(hang, &thread->native, out);
	}
	if (thread->doing != DOING_COMPUTE && thread->doing != DOING_BLOCK_ON)
		print_ender(hang, thread, out);
}

int hang_print_text(const struct hang *hang, const struct report *report, FILE *out)
{
	const struct process *process = hang->process;
	size_t others = 0;

	fprintf(out, "%s\n", hang->verdict);
	fprintf(out, "process %" PRId64 ", %s%s\n", process->pid, process->executable,
		hang->is_core			  ? ", as it is in its core"
		: hang->is_unwatched		  ? ", not started under YieldSan"
		: process->end == PROCESS_RUNNING ? ""
						  : ", as it was when it ended");
	if (hang->pause) {
		print_duration("  stopped for ", hang->paused_ns, out);
		fputs(" while its tasks were read\n", out);
	}
	for (size_t i = 0; i < hang->count; i++) {
		if (hung_thread_is_blocked(&hang->threads[i])) {
			if (!is_shown(hang, i))
				print_blocked(hang, i, out);
			continue;
		}
		others++;
	}
	if (others)
		fprintf(out, "  %zu more thread%s of executors: not blocked\n", others,
			others == 1 ? "" : "s");
	if (hang->is_unwatched && !hang->count && process->executor_count)
		fprintf(out,
			"  which threads are executors is not known: the program has no symbols\n");
	for (size_t i = 0; i < hang->busy_count; i++)
		fprintf(out, "  %s (%d): computes\n", hang->busy[i].name, hang->busy[i].tid);
	if (hang->jobs)
		fprintf(out, "  %zu thread%s of the blocking pool: at a job\n", hang->jobs,
			hang->jobs == 1 ? "" : "s");
	for (size_t i = 0; i < hang->finding_count; i++)
		text_print_finding(report, hang->findings[i], out);
	if (process->tasks.count || process->tasks.problem)
		text_tasks_print(report, process, out);
	if (hang->torn)
		fprintf(out, "    %zu task%s changed while %s read, and %s left out\n", hang->torn,
			hang->torn == 1 ? "" : "s", hang->torn == 1 ? "it was" : "they were",
			hang->torn == 1 ? "is" : "are");
	return 0;
}
