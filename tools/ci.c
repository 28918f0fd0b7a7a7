#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "shared/text.h"
#include "support/memory.h"
#include "report/frames/frame.h"
#include "own_path.h"
#include "plain_path.h"
#include "run_options.h"
#include "watched_run.h"
#include "shared/arch/arch.h"

/*
 * Build tools and test drivers, which are not tests themselves: some are asynchronous programs
 * (cargo-nextest on Tokio, ctest on libuv, meson on asyncio), but their findings are not yours to
 * fix. Names of programs, or of Python, Node, Perl and Ruby scripts.
 */
static const char build_tools[] =
	/* Rust */
	"cargo,cargo-nextest,cargo-llvm-cov,cargo-tarpaulin,rustc,rustdoc,rustup,clippy-driver,"
	"build-script-*,"
	/* C and C++ */
	"cc,c++,gcc,gcc-*,g++,g++-*,*-linux-gnu-*,clang*,cc1*,collect2,lto*,as,ld,ld.*,"
	"lld,mold,"
	"ar,ranlib,strip,objcopy,ccache,sccache,make,gmake,ninja,samu,cmake,ctest,meson,meson.py,"
	/* Python */
	"pip,pip3*,poetry,uv,tox,nox,hatch,pdm,"
	/* JavaScript */
	"npm,npm-cli.js,npx,npx-cli.js,yarn,yarn.js,pnpm,pnpm.cjs,corepack,esbuild,tsc,"
	/* others */
	"go,just,git,git-*,pkg-config";

static const char *take_allow_unwatched(void *target, const char *value)
{
	struct run_options *options = target;

	(void)value;
	options->require_executor = false;
	return NULL;
}

static const struct command_option lines[] = {
	{ "no-require-executor", 0, NULL, "do not fail if no process ran a turn",
	  take_allow_unwatched },
};

/* CARGO_TARGET_<TRIPLE>_RUNNER: the command with which cargo and cargo-nextest
 * start test binaries. */
static void set_runner(const char *triple)
{
	char self[PATH_MAX], plain[PATH_MAX], *name, *value;
	const char *former, *end = strstr(triple, ".json");

	if (!*triple || !own_path(self))
		return;
	if (!plain_path(plain, self))
		strcpy(plain, self);
	triple = path_name(triple);
	if (asprintf(&name, "CARGO_TARGET_%.*s_RUNNER",
		     end && end > triple ? (int)(end - triple) : (int)strlen(triple), triple) < 0)
		memory_exhausted();
	for (char *letter = name; *letter; letter++)
		*letter = *letter == '-' || *letter == '.' ? '_' : (char)toupper(*letter);
	former = getenv(name);
	if (former && strstr(former, "exec-watched"))
		former = NULL;
	if (asprintf(&value, "%s exec-watched%s%s", plain, former ? " " : "",
		     former ? former : "") < 0 ||
	    setenv(name, value, 1))
		memory_exhausted();
	free(name);
	free(value);
}

/* The host's, and the targets that the command line or the environment selects. */
static void set_runners(char **command)
{
	const char *wanted = getenv("CARGO_BUILD_TARGET");

	set_runner(ARCH_RUST_TARGET);
	if (wanted)
		set_runner(wanted);
	for (char **word = command; *word && strcmp(*word, "--") != 0; word++) {
		if (!strncmp(*word, "--target=", 9))
			set_runner(*word + 9);
		else if (!strcmp(*word, "--target") && word[1])
			set_runner(word[1]);
	}
}

/* Returns -1, or the exit status if the list together with the caller's own is too long. */
static int add_build_tools(struct options *runtime)
{
	char *list;

	if (asprintf(&list, "%s%s%s", runtime->skip, *runtime->skip ? "," : "", build_tools) < 0)
		memory_exhausted();
	if (strlen(list) >= sizeof runtime->skip) {
		fprintf(stderr,
			"yieldsan: ci: --set skip=%s: with the names of build tools it is too "
			"long: it must be shorter than %zu characters\n",
			runtime->skip, sizeof runtime->skip - sizeof build_tools);
		free(list);
		return STATUS_WRONG_USE;
	}
	strcpy(runtime->skip, list);
	free(list);
	return -1;
}

int command_ci(int argc, char **argv)
{
	static const struct run_words words = {
		.command = "ci",
		.help = "Runs a project's tests watched, with all processes that they start, and "
			"makes one report.\nTools that build or start tests are not watched: "
			"their findings are not yours.\nThe exit status is the command's "
			"own; if that is 0, 66 if a finding reaches --fail-on, or when\nno test "
			"ran an "
			"executor.\n\n"
			"  yieldsan ci -- cargo test\n"
			"  yieldsan ci --format=github --baseline=.yieldsan-baseline -- pytest\n",
		.question = "which command runs the tests?",
		.options = lines,
		.option_count = sizeof lines / sizeof *lines,
		.require_executor = true,
	};
	static struct run_options options;
	int status = run_options_parse(&options, &words, argc, argv);

	if (status == -1)
		status = add_build_tools(&options.runtime);
	if (status != -1)
		return status;
	options.runtime.tests = true;
	options.report.unlimited = true;
	set_runners(options.command);
	options.preloads = strcmp(path_name(options.command[0]), "cargo") != 0;
	return watched_run(&options);
}
