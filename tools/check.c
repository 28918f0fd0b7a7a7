#include <stdio.h>
#include <string.h>

#include "command.h"
#include "loaded_libraries.h"
#include "program.h"
#include "self_test.h"
#include "task_tables.h"

/* What is loaded with the program counts as its own. */
struct survey {
	struct program program;
	struct task_tables tables;
	unsigned engines;
	bool library_missing;
};

static void print_line(const char *subject, const char *text)
{
	printf("%-14s %s\n", subject, text);
}

static void survey_library(const char *path, const char *name, void *data)
{
	struct survey *survey = data;
	struct task_tables tables;
	struct elf_kind kind;

	if (!path) {
		printf("%-14s not found: %s\n", "library", name);
		survey->library_missing = true;
		return;
	}
	if (!elf_kind_read(&kind, path))
		survey->engines |= kind.engines;
	if (!task_tables_read(&tables, path)) {
		survey->tables.by_shape += tables.by_shape;
		survey->tables.by_symbol += tables.by_symbol;
		survey->tables.named |= tables.named;
	}
}

static void print_kind(const struct elf_kind *kind)
{
	static const char *const libcs[] = { "glibc", "musl", "an unknown libc" };

	printf("%-14s %s, %s, %s%s%s\n", "kind", elf_kind_machine(kind),
	       kind->linkage == LINKAGE_LOADER ? "the loader itself" : "dynamically linked",
	       libcs[kind->libc], *kind->sanitizer ? ", built with " : "", kind->sanitizer);
	print_line("privileges",
		   kind->privileges ? "file capabilities, which give nothing to root" : "none");
}

static void print_symbols(const struct elf_kind *kind)
{
	print_line("symbols", !kind->symbols   ? "stripped: stacks name exported functions only"
			      : kind->separate ? "in a separate file"
					       : "in the file");
	print_line("debug info", !kind->debug_info
					 ? "none: stacks have no lines (compile with -g; Rust: "
					   "debug = \"line-tables-only\")"
				 : kind->separate ? "in a separate file"
						  : "in the file");
}

static void print_tasks(const struct task_tables *tables)
{
	unsigned count = tables->by_shape + tables->by_symbol;

	if (!count && tables->named)
		print_line("Tokio",
			   "its functions are there, but no task that YieldSan knows: polls "
			   "are not seen");
	else if (!count)
		print_line("Tokio", "no tasks");
	else if (tables->named)
		printf("%-14s %u kinds of tasks, and symbols: root futures of block_on are seen "
		       "too\n",
		       "Tokio", count);
	else
		printf("%-14s %u kinds of tasks by their shape; without symbols, root futures of "
		       "block_on "
		       "are not told\n",
		       "Tokio", count);
}

static void print_engines(unsigned engines)
{
	bool any = false;

	printf("%-14s ", "event loops");
	for (unsigned i = 0; i < ELF_ENGINES; i++) {
		if (!(engines & 1u << i) || i == ENGINE_go || i == ENGINE_beam)
			continue;
		printf("%s%s", any ? ", " : "", elf_engine_names[i]);
		any = true;
	}
	printf("%s\n",
	       any ? ""
		   : "of no known library; its own are told once they have waited a few times");
	if (engines & 1u << ENGINE_go)
		print_line("Go", "its calls do not pass libc: only C code within it is seen");
	if (engines & 1u << ENGINE_beam)
		print_line("Erlang VM", "its schedulers are not watched; threads of libraries "
					"within it are");
}

static int check_program(const char *command)
{
	static struct survey survey;
	char sentence[SENTENCE_SIZE];
	const struct program *program = &survey.program;
	int status = program_find(&survey.program, command, sentence);

	if (!status)
		status = program_refusal(program, sentence);
	if (status) {
		fprintf(stderr, "yieldsan: %s\n", sentence);
		return status;
	}
	if (strcmp(program->file, program->watched))
		printf("%-14s %s, run by %s\n", "program", program->file, program->watched);
	else
		print_line("program", program->file);
	print_kind(&program->kind);
	print_symbols(&program->kind);
	survey.engines = program->kind.engines;
	task_tables_read(&survey.tables, program->watched);
	if (*program->kind.interpreter)
		loaded_libraries(program->watched, survey_library, &survey);
	print_tasks(&survey.tables);
	print_engines(survey.engines);
	print_line("verdict", survey.library_missing ? "can be watched once it can be started"
			      : strcmp(program->file, program->watched)
				      ? "can be watched, with the programs that it starts"
				      : "can be watched");
	return 0;
}

static void print_help(void)
{
	printf("Usage: yieldsan check [--] [COMMAND]\n"
	       "Tells whether watching works here, by something that must be seen (exit status 1 "
	       "when it\n"
	       "does not), and whether and how well COMMAND can be watched (126 when it cannot, "
	       "127 when it\n"
	       "is not found).\n");
}

int command_check(int argc, char **argv)
{
	int first = 1;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		print_help();
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--")) {
		first = 2;
	} else if (argc > 1 && argv[1][0] == '-') {
		fprintf(stderr,
			"yieldsan: check: there is no option `%s'; yieldsan check [--] [COMMAND]\n",
			argv[1]);
		return STATUS_WRONG_USE;
	}
	if (!self_test())
		return 1;
	fflush(stdout);
	return first < argc ? check_program(argv[first]) : 0;
}
