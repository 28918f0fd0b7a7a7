"""Sleeps below many kinds of frames; writes the stack that Python itself sees at each into the file argv[1]."""

import asyncio
import functools
import json
import re
import sys
import time
import traceback

CONTROL = re.compile("[\0-\x1f\x7f]")
seen = []


def rest():
    stack = [[frame.name, CONTROL.sub("?", frame.filename), frame.lineno] for frame in reversed(traceback.extract_stack())]
    stack[0][2] += 3  # the line of the sleep
    seen.append(stack)
    time.sleep(0.003)


def decorator(function):
    @functools.wraps(function)
    def wrapper(*words, **named):
        return function(
            *words,
            **named,
        )

    return wrapper


@decorator
def decorated(first,
              second=1):
    return (first +
            second +
            (rest() or
             0))


def generator():
    yield 1
    try:
        yield rest()
    finally:
        rest()


class Ärger:
    def méthode(self):
        return [rest() for _ in range(1)]

    def __enter__(self):
        rest()
        return self

    def __exit__(self, *_):
        rest()

    def __getattr__(self, name):
        if name == "名前":
            rest()
            return 1
        raise AttributeError(name)

    __lt__ = lambda self, other: rest() or True  # noqa: E731


async def deep(levels):
    if levels:
        return await deep(levels - 1)
    rest()
    await asyncio.sleep(0)
    rest()


async def asynchronous_generator():
    rest()
    yield 1
    rest()


# More lines in one step, and more instructions in one line, than an entry of a line table holds.
exec(compile(
    "def far(x=0):\n" + "\n" * 300 + "    x += 1\n" * 60 + "    rest()\n" + "\n" * 200 + "    rest(); return [\n"
    + "        x,\n" * 40 + "        rest(),\n    ]\n    y = " + " + ".join(["x"] * 400) + "\n    rest()\n",
    "far.py", "exec"))


def raises():
    try:
        try:
            raise ValueError
        except ValueError as error:
            rest()
            raise KeyError from error
    except KeyError:
        rest()


def recurse(levels):
    return recurse(levels - 1) if levels else rest()


async def main():
    decorated(1, second=2)
    for _ in generator():
        pass
    anger = Ärger()
    anger.méthode()
    with anger:
        pass
    assert anger.名前
    sorted([anger, anger])
    await deep(5)
    async for _ in asynchronous_generator():
        pass
    far()  # noqa: F821
    raises()
    list(map(lambda _: rest(), [1]))
    exec("\n\nrest()", globals())
    await asyncio.gather(deep(0), deep(1))
    asyncio.get_running_loop().call_soon(rest)
    await asyncio.sleep(0.001)
    functools.reduce(lambda *_: rest(), [1, 2])
    recurse(10)
    # Names are copied eight characters at a time, where all are printable ASCII.
    for line, before in enumerate((0, 7, 8, 11)):
        for column, odd in enumerate(("\1", "\x1f", "\x7f", "~", "é", "名")):
            exec(compile("\n" * (line * 6 + column) + "rest()", "x" * before + odd + ".py", "exec"), globals())


asyncio.run(main())
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(seen, file)
