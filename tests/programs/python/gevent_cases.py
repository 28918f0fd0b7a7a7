"""The operations in greenlets, and the same ones handed to gevent's threads.

    gevent_cases.py CONTEXT OPERATION...     (or `all`)

Contexts: greenlet and callback hold the hub; pool, before and after (by the main greenlet) do not.
Nothing is patched: the operations block, as they do in a library that knows nothing of gevent.
"""

import sys

import gevent

from blocking import prepared


def settle():
    for _ in range(3):
        gevent.sleep(0.001)


def in_greenlet(blocks):
    for block in blocks:
        settle()
        block()
    settle()


def in_callback(blocks):
    for block in blocks:
        settle()
        gevent.get_hub().loop.run_callback(block)
        settle()


def in_pool(blocks):
    for block in blocks:
        settle()
        gevent.get_hub().threadpool.apply(block)  # EXPECT-NONE


def main(context, *names):
    blocks = prepared(names)
    work = {"greenlet": in_greenlet, "callback": in_callback, "pool": in_pool}
    if context == "before":
        for block in blocks:
            block()
    gevent.joinall([gevent.spawn(work.get(context, lambda _: settle()), blocks)])
    if context == "after":
        for block in blocks:
            block()
    print("done")


main(*sys.argv[1:])
