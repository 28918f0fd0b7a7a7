#!/usr/bin/env python3
"""Functions that glibc has in several forms: a program gets the one that it was linked to, watched or not."""

import collections
import pathlib
import re
import subprocess
import sys

from cli.place import ROOT, YIELDSAN, Skip, expect, run, run_tests

LIBRARY = pathlib.Path(YIELDSAN).parent / "libyieldsan.so"
LIST = pathlib.Path(ROOT) / "src/runtime/libc/glibc/old_versions.h"

# What each does in a turn, printed: its result shows which form was called, where they differ.
USES = {
    "glob": """
        glob_t found;
        symlink("nowhere", "dangling");
        int result = glob("dang*", 0, NULL, &found);
        printf("%d %zu", result, result ? 0 : found.gl_pathc);""",
    "lio_listio": """
        struct aiocb block = { .aio_fildes = 1000, .aio_lio_opcode = LIO_READ }, *list[] = { &block };
        int result = lio_listio(LIO_WAIT, list, 1, NULL);
        printf("%d %d", result, result ? errno : 0);""",
    "nftw": """
        mkdir("tree", 0755);
        int result = nftw("tree", visit, 5, 1 << 20);
        printf("%d %d", result, result ? errno : 0);""",
    "posix_spawn": """
        char *arguments[] = { "./script", NULL }, *environment[] = { NULL };
        FILE *file = fopen("script", "w");
        fputs("exit 7\\n", file);
        fclose(file);
        chmod("script", 0755);
        pid_t pid;
        int result = posix_spawn(&pid, "./script", NULL, NULL, arguments, environment), status = 0;
        if (!result)
            waitpid(pid, &status, 0);
        printf("%d %d", result, status);""",
    "pthread_cond_wait": """
        pthread_t thread;
        pthread_cond_init((pthread_cond_t *)&condition, NULL);
        pthread_create(&thread, NULL, wake, NULL);
        pthread_mutex_lock(&mutex);
        while (!woken)
            pthread_cond_wait((pthread_cond_t *)&condition, &mutex);
        pthread_mutex_unlock(&mutex);
        pthread_join(thread, NULL);
        printf("%d", pthread_cond_destroy((pthread_cond_t *)&condition));""",
    "pthread_cond_timedwait": """
        struct timespec end = { 1, 0 };
        pthread_cond_init((pthread_cond_t *)&condition, NULL);
        pthread_mutex_lock(&mutex);
        printf("%d", pthread_cond_timedwait((pthread_cond_t *)&condition, &mutex, &end));
        pthread_mutex_unlock(&mutex);
        pthread_cond_destroy((pthread_cond_t *)&condition);""",
    "quick_exit": """
        at_quick_exit(say);
        fflush(stdout);
        quick_exit(5);""",
    "realpath": """
        const char *path = realpath("/etc/.", NULL);
        printf("%s", path ? path : "NULL");""",
}
ALIKE = {"glob64": "glob", "lio_listio64": "lio_listio", "nftw64": "nftw", "posix_spawnp": "posix_spawn",
         "pthread_cond_destroy": "pthread_cond_wait"}
TOGETHER = {"pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_destroy", "pthread_cond_init", "pthread_cond_signal"}

PROGRAM = r"""
#include <aio.h>
#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "yieldsan/yieldsan.h"
%(names)s
static pthread_cond_t condition;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int woken;

__attribute__((unused)) static int visit(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)path, (void)status, (void)type, (void)where;
    return 0;
}

__attribute__((unused)) static void say(void)
{
    (void)!write(1, "left", 4);
}

__attribute__((unused)) static void *wake(void *unused)
{
    usleep(20000);
    pthread_mutex_lock(&mutex);
    woken = 1;
    pthread_cond_signal((pthread_cond_t *)&condition);
    pthread_mutex_unlock(&mutex);
    return unused;
}

int main(void)
{
    yieldsan_turn_begin("versions");
    {%(use)s
    }
    yieldsan_turn_end();
    puts(" done");
    return 0;
}
"""


def _symbols(path):
    """name: {version: address}"""
    listing = subprocess.run(["readelf", "--dyn-syms", "-W", path], capture_output=True, text=True, check=True).stdout
    found = collections.defaultdict(dict)
    for line in listing.splitlines():
        words = line.split()
        if len(words) >= 8 and words[6] != "UND":
            name, _, version = words[7].replace("@@", "@").partition("@")
            found[name][version] = words[1]
    return found


def _libc():
    listing = subprocess.run(["ldd", YIELDSAN], capture_output=True, text=True, check=True).stdout
    return _symbols(re.search(r"libc\.so\.6 => (\S+)", listing)[1])


def _differing():
    libc, ours = _libc(), _symbols(LIBRARY)
    return {name: libc[name] for name in ours if len(set(libc.get(name, {}).values())) > 1}


def the_list_is_libcs(_):
    listed = {name: version for name, version in re.findall(r"^OLD_VERSION\((\w+), (\S+)\)$", LIST.read_text(), re.M)}
    same = set(re.findall(r"^SAME_VERSION\((\w+), (\S+)\)$", LIST.read_text(), re.M))
    differing, ours = _differing(), _symbols(LIBRARY)
    if not {"posix_spawn", "realpath"} <= set(differing):
        raise Skip("another libc")
    expect(set(listed) == set(differing), set(listed) ^ set(differing))
    for name, versions in differing.items():
        expect(set(versions) == set(ours[name]), (name, versions, ours[name]))
        newest = ours[name][max(versions, key=lambda version: [int(part) for part in re.findall(r"\d+", version)])]
        for version, address in versions.items():
            old = list(versions.values()).count(address) == 1 and listed[name] == version
            expect(old != (ours[name][version] == newest or (name, version) in same), (name, version))


def each_form_does_what_it_does_unwatched(place):
    different = 0
    for name, versions in sorted(_differing().items()):
        results = {}
        for version in versions:
            group = sorted(TOGETHER) if name in TOGETHER else [name]
            libc = _libc()
            names = "\n".join(f'__asm__(".symver {each},{each}@{version}");' for each in group if version in libc[each])
            use = re.sub(r"\b(glob|lio_listio|nftw)\(", r"\g<1>64(", USES[ALIKE.get(name, name)]) \
                if name.endswith("64") else USES[ALIKE.get(name, name)]
            use = use.replace("posix_spawn(", "posix_spawnp(") if name == "posix_spawnp" else use
            if name.endswith("64"):
                use = use.replace("glob_t", "glob64_t").replace("struct aiocb", "struct aiocb64") \
                         .replace("visit,", "(int (*)(const char *, const struct stat64 *, int, struct FTW *))visit,")
            program = place.compile("program", "-D_GNU_SOURCE", "-pthread", "-w",
                                    source=PROGRAM % {"names": names, "use": use})
            plain = subprocess.run([program], cwd=place.path, capture_output=True, text=True, check=False)
            watched = run("--fail-on=never", "--", program, cwd=place.path)
            expect((watched.status, watched.out) == (plain.returncode, plain.stdout), (name, version, plain, str(watched)))
            results[version] = plain.stdout
        different += len(set(results.values())) > 1
    expect(different >= 4, "the forms differ")


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
