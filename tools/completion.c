/*
 * `yieldsan completion SHELL`: prints what the shell needs to complete command lines of ours, made
 * from the tables of commands and options. A new option needs nothing here.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "command_line.h"
#include "report/report.h"
#include "shared/options.h"

#define COUNT(array) (sizeof array / sizeof *array)

/* What a value may be, by its placeholder in the help. */
enum value {
	VALUE_NONE,
	VALUE_ANY,
	VALUE_FILE,
	VALUE_DIRECTORY,
	VALUE_WORDS,   /* of a list */
	VALUE_SETTING, /* KEY=VALUE of the runtime */
};

static const struct {
	const char *placeholder;
	enum value value;
} placeholders[] = {
	{ "FILE", VALUE_FILE },	  { "DIR", VALUE_DIRECTORY },	  { "FORMAT", VALUE_WORDS },
	{ "LEVEL", VALUE_WORDS }, { "KEY=VALUE", VALUE_SETTING },
};

static enum value value_of(const struct command_option *option)
{
	if (!option->value)
		return VALUE_NONE;
	for (size_t i = 0; i < COUNT(placeholders); i++)
		if (!strcmp(placeholders[i].placeholder, option->value))
			return placeholders[i].value;
	return VALUE_ANY;
}

/* The words of a list: formats, or severities. */
static void print_words(const struct command_line *line, const struct command_option *option)
{
	const char *names = "error warning notice never";

	if (!strcmp(option->value, "FORMAT"))
		names = line->has_formats ? report_format_names() : "text json";
	for (; *names; names++)
		if (*names != ',')
			putchar(*names);
}

static void print_settings(const char *end)
{
	for (size_t i = 0; i < option_count; i++)
		printf("%s%s%s", i ? " " : "", option_infos[i].name, end);
}

static void print_commands(void)
{
	const char *blank = "";

	for (size_t i = 0; i < command_count; i++)
		if (commands[i].help) {
			printf("%s%s", blank, commands[i].name);
			blank = " ";
		}
}

/*
 * The text inside of single quotes, for all three shells: our texts have no backslash. `also`:
 * characters that a backslash must precede.
 */
static void print_quoted(const char *text, const char *also)
{
	for (; *text; text++) {
		if (*text == '\'') {
			fputs("'\\''", stdout);
			continue;
		}
		if (strchr(also, *text))
			putchar('\\');
		putchar(*text);
	}
}

static void bash_option(const struct command_line *line, const struct command_option *option)
{
	static const char *const replies[] = {
		[VALUE_FILE] = "-f",
		[VALUE_DIRECTORY] = "-d",
	};
	enum value value = value_of(option);

	if (value == VALUE_NONE)
		return;
	printf("    %s:--%s", line->command, option->name);
	if (option->letter)
		printf(" | %s:-%c", line->command, option->letter);
	printf(") ");
	if (value == VALUE_WORDS || value == VALUE_SETTING) {
		printf("COMPREPLY=($(compgen -W '");
		if (value == VALUE_WORDS)
			print_words(line, option);
		else
			print_settings("=");
		printf("' -- \"$cur\"));");
		if (value == VALUE_SETTING)
			printf(" compopt -o nospace;");
	} else if (value != VALUE_ANY) {
		printf("COMPREPLY=($(compgen %s -- \"$cur\")); compopt -o filenames;",
		       replies[value]);
	}
	printf(" return ;;\n");
}

static void bash_values(const struct command_line *line)
{
	const struct command_option *option;
	void *target;

	for (size_t i = 0; (option = command_line_option(line, i, &target)); i++)
		bash_option(line, option);
}

/* Long options; those that take a value end in "=", after which no blank is added. */
static void bash_names(const struct command_line *line)
{
	const struct command_option *option;
	void *target;

	printf("    %s) options='", line->command);
	for (size_t i = 0; (option = command_line_option(line, i, &target)); i++)
		printf("%s--%s%s", i ? " " : "", option->name, option->value ? "=" : "");
	printf("'; runs=%d ;;\n", line->ends_at_argument);
}

static void zsh_option(const struct command_line *line, const struct command_option *option)
{
	static const char *const actions[] = {
		[VALUE_ANY] = ":%s:",
		[VALUE_FILE] = ":%s:_files",
		[VALUE_DIRECTORY] = ":%s:_files -/",
	};
	enum value value = value_of(option);

	printf("        '*'");
	if (option->letter)
		printf("{-%c%s,--%s%s}", option->letter, option->value ? "+" : "", option->name,
		       option->value ? "=" : "");
	else
		printf("--%s%s", option->name, option->value ? "=" : "");
	printf("'[");
	print_quoted(option->help, "[]:");
	putchar(']');
	if (value == VALUE_WORDS || value == VALUE_SETTING) {
		printf(":%s:(", option->value);
		if (value == VALUE_WORDS)
			print_words(line, option);
		else
			print_settings("=");
		putchar(')');
	} else if (value != VALUE_NONE) {
		printf(actions[value], option->value);
	}
	printf("' \\\n");
}

static void zsh_command(const struct command_line *line)
{
	const struct command_option *option;
	void *target;

	printf("    %s)\n      _arguments -S \\\n", line->command);
	for (size_t i = 0; (option = command_line_option(line, i, &target)); i++)
		zsh_option(line, option);
	printf(line->ends_at_argument
		       ? "        '(-):command:_command_names -e' '*::arguments:_normal' ;;\n"
		       : "        '*:file:_files' ;;\n");
}

static void fish_option(const struct command_line *line, const struct command_option *option)
{
	enum value value = value_of(option);

	printf("complete -c yieldsan -n '__fish_seen_subcommand_from %s' -l %s", line->command,
	       option->name);
	if (option->letter)
		printf(" -s %c", option->letter);
	if (value == VALUE_FILE)
		printf(" -r -F");
	else if (value == VALUE_DIRECTORY)
		printf(" -x -a '(__fish_complete_directories)'");
	else if (value != VALUE_NONE)
		printf(" -x");
	if (value == VALUE_WORDS || value == VALUE_SETTING) {
		printf(" -a '");
		if (value == VALUE_WORDS)
			print_words(line, option);
		else
			print_settings("=");
		putchar('\'');
	}
	printf(" -d '");
	print_quoted(option->help, "");
	printf("'\n");
}

static void fish_command(const struct command_line *line)
{
	const struct command_option *option;
	void *target;

	for (size_t i = 0; (option = command_line_option(line, i, &target)); i++)
		fish_option(line, option);
	if (line->ends_at_argument)
		printf("complete -c yieldsan -n '__fish_seen_subcommand_from %s' -x -a "
		       "'(__fish_complete_subcommand --fcs-skip=2)'\n",
		       line->command);
}

/* Every listed command passes its tables to the function, instead of running. */
static void each_command(void (*visit)(const struct command_line *line))
{
	command_line_visit = visit;
	for (size_t i = 0; i < command_count; i++) {
		char *arguments[] = { (char *)commands[i].name, NULL };

		if (commands[i].help && commands[i].run != command_help &&
		    commands[i].run != command_completion)
			commands[i].run(1, arguments);
	}
	command_line_visit = NULL;
}

/* `=` is a word of its own to bash: "--format", "=", "js" are put together again first. */
static const char bash_words[] =
	"  local words=() places=() word i\n"
	"  for ((i = 0; i <= COMP_CWORD; i++)); do\n"
	"    word=${COMP_WORDS[i]}\n"
	"    if ((${#words[@]})) && [[ ${words[-1]} == -* && ($word == = || ${words[-1]} == *=) "
	"]]; then\n"
	"      words[-1]+=$word\n"
	"    else\n"
	"      words+=(\"$word\"); places+=($i)\n"
	"    fi\n"
	"  done\n"
	"  local last=$((${#words[@]} - 1))\n"
	"  local cur=${words[last]} command=${words[1]} option= options= runs=0\n"
	"  COMPREPLY=()\n";

/* The program that run, ci and check start, and its arguments. */
static const char bash_program[] =
	"  if ((runs)); then\n"
	"    for ((i = 2; i <= last; i++)); do\n"
	"      [[ ${words[i]} == -- ]] && { ((i++)); break; }\n"
	"      [[ ${words[i]} == -* ]] || break\n"
	"      [[ \" $options \" == *\" ${words[i]}= \"* || ${words[i]} == -o ]] && ((i++))\n"
	"    done\n"
	"    if ((i < last)) && declare -F _command_offset >/dev/null; then\n"
	"      _command_offset ${places[i]}; return\n"
	"    elif ((i < last)); then\n"
	"      COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames; return\n"
	"    elif ((i == last)) && [[ $cur != -* ]]; then\n"
	"      COMPREPLY=($(compgen -c -- \"$cur\")); return\n"
	"    fi\n"
	"  fi\n"
	"  if [[ $cur == --*=* ]]; then option=${cur%%=*} cur=${cur#*=}\n"
	"  elif ((last > 2)); then option=${words[last - 1]}; fi\n";

static void print_bash(void)
{
	printf("_yieldsan()\n{\n%s  if ((last == 1)); then\n    COMPREPLY=($(compgen -W '",
	       bash_words);
	print_commands();
	printf(" --version' -- \"$cur\")); return\n  fi\n  case $command in\n"
	       "    help) COMPREPLY=($(compgen -W '");
	print_commands();
	printf(" options executors' -- \"$cur\")); return ;;\n"
	       "    completion) COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$cur\")); return "
	       ";;\n");
	each_command(bash_names);
	printf("  esac\n");
	fputs(bash_program, stdout);
	printf("  case $command:$option in\n");
	each_command(bash_values);
	printf("  esac\n"
	       "  if [[ $cur == -* ]]; then\n"
	       "    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
	       "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
	       "  else\n    COMPREPLY=($(compgen -f -- \"$cur\")); compopt -o filenames\n  fi\n}\n"
	       "complete -F _yieldsan yieldsan\n");
}

static void print_zsh(void)
{
	printf("#compdef yieldsan\nlocal -a subcommands\nsubcommands=(\n");
	for (size_t i = 0; i < command_count; i++)
		if (commands[i].help) {
			printf("  '%s:", commands[i].name);
			print_quoted(commands[i].help, "");
			printf("'\n");
		}
	printf(")\n"
	       "if ((CURRENT == 2)); then\n  _describe command subcommands\nelse\n"
	       "  shift words; ((CURRENT--))\n"
	       "  case $words[1] in\n"
	       "    help) _describe command subcommands ;;\n"
	       "    completion) _values shell bash zsh fish ;;\n");
	each_command(zsh_command);
	printf("  esac\nfi\n");
}

static void print_fish(void)
{
	printf("complete -c yieldsan -f -n '__fish_use_subcommand' -l version\n");
	for (size_t i = 0; i < command_count; i++)
		if (commands[i].help) {
			printf("complete -c yieldsan -f -n '__fish_use_subcommand' -a %s -d '",
			       commands[i].name);
			print_quoted(commands[i].help, "");
			printf("'\n");
		}
	printf("complete -c yieldsan -f -n '__fish_seen_subcommand_from completion' -a 'bash zsh "
	       "fish'\n");
	each_command(fish_command);
}

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {
	{ "bash", print_bash },
	{ "zsh", print_zsh },
	{ "fish", print_fish },
};

int command_completion(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < COUNT(shells); i++)
		if (!strcmp(shells[i].name, argv[1])) {
			shells[i].print();
			return 0;
		}
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		printf("Usage: yieldsan completion bash|zsh|fish\n"
		       "Prints a script that completes this command line: for bash, add\n"
		       "  source <(yieldsan completion bash)\n"
		       "to ~/.bashrc. `make install' installs the scripts for all three.\n");
		return 0;
	}
	fprintf(stderr,
		"yieldsan: completion: for which shell? yieldsan completion bash|zsh|fish\n");
	return STATUS_WRONG_USE;
}
