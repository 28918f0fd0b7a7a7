/*
 * `yieldsan top`: a live view of watched processes. It only reads their traces, from a child
 * process: whatever happens to it, the terminal is left as it was.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "command_line.h"
#include "report/report.h"
#include "top/screen.h"
#include "top/source.h"

#define LONGEST_INTERVAL 3600

struct top {
	struct report_options options;
	struct top_source source;
	double seconds; /* between two readings */
};

static volatile sig_atomic_t ending;
static volatile sig_atomic_t view; /* the process that has the terminal */

static void top_ends(int signal)
{
	ending = signal;
}

static void pass_to_view(int signal)
{
	kill(view, signal);
}

static const char *take_delay(void *target, const char *value)
{
	struct top *top = target;
	char *rest;

	top->seconds = strtod(value, &rest);
	return *rest || rest == value || !(top->seconds >= 0.1 && top->seconds <= LONGEST_INTERVAL)
		       ? "a number of seconds from 0.1 to 3600"
		       : NULL;
}

static const struct command_option options[] = {
	{ "delay", 'd', "SECONDS", "time between readings (default: 1)", take_delay },
};

static void write_report(struct top *top, struct top_screen *screen)
{
	struct report_options wanted = top->options;
	struct report_summary summary;
	char path[64];
	FILE *out;

	snprintf(path, sizeof path, "yieldsan-top-%d.html", (int)getpid());
	out = fopen(path, "we");
	if (!out) {
		snprintf(screen->message, sizeof screen->message, "%s cannot be written: %s", path,
			 strerror(errno));
		return;
	}
	wanted.format = "html";
	wanted.tasks = true;
	report_make(&wanted, top->source.paths, top->source.count, out, &summary);
	snprintf(screen->message, sizeof screen->message,
		 fclose(out) ? "%s could not be written" : "written: %s", path);
}

/* The title line: a command may be longer than the line. */
static const char *title_of(const struct top_source *source)
{
	return source->command		 ? source->command[0]
	       : source->name_count == 1 ? source->names[0]
					 : "yieldsan top";
}

static void say_ended(const struct top_source *source, struct top_screen *screen)
{
	static bool said;

	if (!source->command || source->pid || said)
		return;
	said = true;
	snprintf(screen->message, sizeof screen->message, "%s has ended; q quits",
		 source->command[0]);
}

static void top_loop(struct top *top, struct top_data *data)
{
	struct top_screen screen = { .title = title_of(&top->source) };
	enum top_action action = TOP_REFRESH;

	while (!ending && action != TOP_QUIT) {
		if (action == TOP_REFRESH && !screen.paused) {
			source_find(&top->source);
			top_data_take(data, top->source.paths, top->source.count);
			say_ended(&top->source, &screen);
		}
		if (action == TOP_WRITE_REPORT)
			write_report(top, &screen);
		top_screen_draw(&screen, data);
		action = top_screen_key(&screen, data, (int)(1000 * top->seconds));
	}
	free(screen.detail);
}

static int top_view_run(struct top *top)
{
	struct sigaction action = { .sa_handler = top_ends };
	static struct top_data data;
	char sentence[SOURCE_SENTENCE_SIZE];
	const char *why;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGQUIT, &action, NULL);
	/* When our parent was killed, the shell has the terminal: we may still restore it. */
	signal(SIGTTOU, SIG_IGN);
	top->options.errors = fopen("/dev/null", "we");
	if (!source_start(&top->source, sentence)) {
		if (*sentence)
			fprintf(stderr, "yieldsan: top: %s\n", sentence);
		return STATUS_CANNOT_WATCH;
	}
	if (!top_screen_open(&why)) {
		fprintf(stderr, "yieldsan: top: %s\n", why);
		source_end(&top->source);
		return STATUS_WRONG_USE;
	}
	top_data_init(&data, &top->options);
	top_loop(top, &data);
	top_screen_close();
	top_data_deinit(&data);
	source_end(&top->source);
	return 0;
}

/*
 * The view may be killed, or fail at a broken trace, while it has the terminal. We stay until it
 * has ended: the keys' signals reach it too, and what is sent to us is passed to it.
 */
static int view_apart(struct top *top)
{
	struct sigaction pass = { .sa_handler = pass_to_view };
	struct termios before;
	pid_t self = getpid(), pid;
	sigset_t ends, mask;
	int status = 0;

	tcgetattr(STDIN_FILENO, &before);
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, &mask); /* until it is known where they go */
	fflush(NULL);
	pid = fork();
	if (pid <= 0) {
		sigprocmask(SIG_SETMASK, &mask, NULL);
		if (pid < 0)
			return top_view_run(top);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != self)
			raise(SIGTERM);
		exit(top_view_run(top));
	}
	view = pid;
	sigaction(SIGTERM, &pass, NULL);
	sigaction(SIGHUP, &pass, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	/* Out of the second screen; the cursor and plain colours back. */
	(void)!write(STDOUT_FILENO, "\033[?1049l\033[?25h\033[0m\r\n", 21);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	fprintf(stderr, "yieldsan: top ended by signal %d\n", WTERMSIG(status));
	return STATUS_SIGNAL + WTERMSIG(status);
}

static bool all_are_known(const struct top_source *source)
{
	for (size_t i = 0; i < source->name_count; i++) {
		struct top_source one = { .names = source->names + i, .name_count = 1 };

		source_find(&one);
		if (!one.count && access(source->names[i], F_OK)) {
			fprintf(stderr,
				"yieldsan: top: %s: there is no such file, and no process of this "
				"number that writes a trace\n",
				source->names[i]);
			return false;
		}
		for (size_t j = 0; j < one.count; j++)
			free(one.paths[j]);
		free(one.paths);
	}
	return true;
}

int command_top(int argc, char **argv)
{
	static struct top top = { .options = REPORT_OPTIONS_DEFAULT, .seconds = 1 };
	const struct command_line line = {
		.command = "top",
		.arguments = "[OPTION...] [PID|DIRECTORY|TRACE... | -- COMMAND [ARG...]]",
		.help = "Shows what watched processes do now, and what was found in them so far; "
			"without an argument,\nall processes of yours that were started under "
			"YieldSan. A COMMAND is started under it; its\noutput goes to a file that "
			"is named at the end, and quitting ends it.\n",
		.groups = { OPTION_GROUP(options, &top) },
		.ends_at_argument = true,
	};
	int status = command_line_parse(&line, argc, argv);

	if (status >= 0)
		return status;
	if (optind < argc && !strcmp(argv[optind - 1], "--")) {
		top.source.command = argv + optind;
	} else {
		top.source.names = argv + optind;
		top.source.name_count = (size_t)(argc - optind);
	}
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		fprintf(stderr, "yieldsan: top: it draws on a terminal; `yieldsan report PID' "
				"prints once\n");
		return STATUS_WRONG_USE;
	}
	if (!all_are_known(&top.source))
		return STATUS_WRONG_USE;
	top.options.show = SEVERITY_NOTICE;
	return view_apart(&top);
}
