#include "baseline.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "report/model/model.h"
#include "report/frames/source_path.h"
#include "shared/text.h"

#define ID_SIZE 17

struct baseline_entry {
	UT_hash_handle hh;
	bool seen;
	char id[ID_SIZE];
	char line[]; /* as written in the file */
};

static const char head[] =
	"# YieldSan baseline: known findings; only new ones fail. See: man yieldsan, Baselines.\n";

static struct baseline_entry *baseline_find(const struct baseline *baseline, const char *id)
{
	struct baseline_entry *entry;

	HASH_FIND(hh, baseline->entries, id, ID_SIZE - 1, entry);
	return entry;
}

static void baseline_add(struct baseline *baseline, const char *id, const char *line)
{
	struct baseline_entry *entry;

	if (baseline_find(baseline, id))
		return;
	entry = memory_get(sizeof *entry + strlen(line) + 1);
	memcpy(entry->id, id, ID_SIZE - 1);
	strcpy(entry->line, line);
	HASH_ADD(hh, baseline->entries, id, ID_SIZE - 1, entry);
	baseline->count++;
}

/* Returns false for a line that is not an entry. */
static bool baseline_read_line(struct baseline *baseline, char *line)
{
	size_t length;

	line[strcspn(line, "\r\n")] = '\0';
	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return true;
	length = strspn(line, "0123456789abcdef");
	if (length != ID_SIZE - 1 || (line[length] && !strchr(" \t#", line[length])))
		return false;
	length += strspn(line + length, " \t");
	if (line[length] && line[length] != '#')
		return false;
	baseline_add(baseline, line, line);
	return true;
}

int baseline_read(struct baseline *baseline, const char *path,
		  char sentence[BASELINE_SENTENCE_SIZE])
{
	FILE *file = fopen(path, "re");
	unsigned number = 0;
	char *line = NULL;
	size_t size = 0;
	int error = 0;

	while (!error && file && getline(&line, &size, file) >= 0) {
		number++;
		if (baseline_read_line(baseline, line))
			continue;
		error = -EINVAL;
		snprintf(sentence, BASELINE_SENTENCE_SIZE,
			 "%s:%u: `%.40s' is no finding's id (16 hexadecimal digits) with a "
			 "# comment behind it",
			 path, number, line);
	}
	if (!error && (!file || ferror(file))) {
		error = -errno;
		snprintf(sentence, BASELINE_SENTENCE_SIZE, "the baseline in %s cannot be read: %s",
			 path, strerror(errno));
	}
	free(line);
	if (file)
		fclose(file);
	return error;
}

void baseline_deinit(struct baseline *baseline)
{
	struct baseline_entry *entry, *next;

	HASH_ITER (hh, baseline->entries, entry, next) {
		HASH_DELETE(hh, baseline->entries, entry);
		free(entry);
	}
	memset(baseline, 0, sizeof *baseline);
}

bool baseline_knows(struct baseline *baseline, const char *id)
{
	struct baseline_entry *entry = baseline_find(baseline, id);

	if (!entry)
		return false;
	baseline->seen += !entry->seen;
	entry->seen = true;
	return true;
}

/* The place, without parts that change when lines are added above it or on another machine. */
static void print_place(const struct report *report, const struct finding *finding, FILE *out)
{
	const struct frame *place = stack_place(finding_stack(finding));
	const struct frame *caller = finding_stack_caller(&finding->stacks[0]);
	const char *file;

	if (!place)
		return;
	fprintf(out, " in %s", place->function ? place->function : path_name(place->module));
	if (!place->file)
		return;
	file = source_path_in_repository(report->session, place->file);
	fprintf(out, " (%s)", *file == '/' ? path_name(file) : file);
	if (caller)
		fprintf(out, ", called from %s", caller->function);
}

static char *baseline_line(const struct report *report, const struct finding *finding)
{
	const struct kind *kind = kind_of(finding->kind);
	size_t size;
	char *line;
	FILE *out = open_memstream(&line, &size);

	if (!out)
		memory_exhausted();
	fprintf(out, "%s # %s: %s", finding->id, kind->word,
		kind->subject(report->session, finding));
	print_place(report, finding, out);
	fclose(out);
	return line;
}

static int compare_entries(const void *one, const void *other)
{
	return strcmp((*(struct baseline_entry *const *)one)->id,
		      (*(struct baseline_entry *const *)other)->id);
}

/* CPU contention says nothing about the code, and varies from run to run. */
static bool is_the_programs(const struct finding *finding)
{
	return finding->kind != KIND_LONG_TURN || finding->stall != STALL_RUNNABLE;
}

/* The existing line of the file, or a new one. */
static struct baseline_entry *baseline_entry_for(const struct report *report,
						 const struct finding *finding,
						 const struct baseline *known,
						 struct baseline *made)
{
	char *line;

	if (baseline_find(known, finding->id))
		return baseline_find(known, finding->id);
	line = baseline_line(report, finding);
	baseline_add(made, finding->id, line);
	free(line);
	return baseline_find(made, finding->id);
}

/* The lines to write, sorted and NULL-terminated; free the array only. The lines belong to `known`
 * and `made`. */
static struct baseline_entry **baseline_choose(const struct report *report,
					       const struct baseline *known, struct baseline *made)
{
	struct baseline_entry **chosen = NULL;
	size_t count = 0, room = 0;

	for (size_t i = 0; i < report->finding_count; i++)
		for (const struct finding *part = report->findings[i]; part;
		     part = part == report->findings[i] ? part->also : part->next_part)
			if (is_the_programs(part)) {
				chosen = memory_grow(chosen, count, &room, sizeof *chosen);
				chosen[count++] = baseline_entry_for(report, part, known, made);
			}
	chosen = memory_grow(chosen, count, &room, sizeof *chosen);
	chosen[count] = NULL;
	if (count)
		qsort(chosen, count, sizeof *chosen, compare_entries);
	return chosen;
}

int baseline_write(const struct report *report, const char *path,
		   char sentence[BASELINE_SENTENCE_SIZE])
{
	struct baseline known = { 0 }, made = { 0 };
	struct baseline_entry **chosen;
	int error = baseline_read(&known, path, sentence);
	FILE *out;

	if (error && error != -ENOENT)
		return error;
	chosen = baseline_choose(report, &known, &made);
	out = fopen(path, "we");
	error = out ? 0 : -errno;
	if (out) {
		fputs(head, out);
		for (size_t i = 0; chosen[i]; i++)
			fprintf(out, "%s\n", chosen[i]->line);
		error = ferror(out) ? -EIO : 0;
		if (fclose(out) && !error)
			error = -errno;
	}
	if (error)
		snprintf(sentence, BASELINE_SENTENCE_SIZE,
			 "the baseline cannot be written to %s: %s", path, strerror(-error));
	free(chosen);
	baseline_deinit(&known);
	baseline_deinit(&made);
	return error;
}
