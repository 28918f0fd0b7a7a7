"""The operations in a Twisted reactor's calls, and the same ones handed to its threads.

    twisted_cases.py CONTEXT OPERATION...     (or `all`)

Contexts: call holds the reactor; defer_to_thread and before do not. stop ends the reactor while a thread of its
pool still works: the reactor joins it by itself.
"""

import sys

from twisted.internet import defer, reactor, task, threads

from blocking import prepared


def settle():
    return task.deferLater(reactor, 0.005, lambda: None)


@defer.inlineCallbacks
def in_call(blocks):
    for block in blocks:
        yield settle()
        block()
    yield settle()


@defer.inlineCallbacks
def in_threads(blocks):
    for block in blocks:
        yield settle()
        yield threads.deferToThread(block)  # EXPECT-NONE


def in_threads_at_the_end(blocks):
    for block in blocks:
        threads.deferToThread(block)  # EXPECT-NONE
    return settle()


def main(context, *names):
    blocks = prepared(names)
    if context == "before":
        for block in blocks:
            block()
    work = {"call": in_call, "defer_to_thread": in_threads, "stop": in_threads_at_the_end,
            "before": lambda _: settle()}[context]

    def started():
        ended = defer.maybeDeferred(work, blocks)
        ended.addErrback(lambda failure: failure.printTraceback())
        ended.addCallback(lambda _: reactor.stop())

    reactor.callWhenRunning(started)
    reactor.run()
    print("done")


main(*sys.argv[1:])
