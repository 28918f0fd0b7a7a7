"""A well-behaved echo server: everything it waits for, it awaits.

    asyncio_echo.py [--uvloop] self CONNECTIONS MESSAGES    its clients are tasks of its own
    asyncio_echo.py [--uvloop] PORT_FILE CONNECTIONS        writes its port there; ends after so many
"""

import asyncio
import os
import socket
import sys


class Server:
    def __init__(self, connections):
        self.left = connections
        self.ended = asyncio.Event()

    async def echo(self, reader, writer):
        while data := await reader.read(1024):
            writer.write(data)
            await writer.drain()
        writer.close()
        self.left -= 1
        if self.left == 0:
            self.ended.set()


async def client(port, messages):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(messages):
        message = bytes([number % 256]) * 64
        writer.write(message)
        await writer.drain()
        assert await reader.readexactly(64) == message
    writer.close()
    await writer.wait_closed()


def write_port(path, port):
    # Renamed into place: a reader never sees half a number.
    with open(path + ".unfinished", "w") as stream:
        stream.write(str(port))
    os.rename(path + ".unfinished", path)


async def serve(listener, connections, messages):
    state = Server(connections)
    port = listener.getsockname()[1]
    async with await asyncio.start_server(state.echo, sock=listener):
        if messages:
            await asyncio.gather(*(client(port, messages) for _ in range(connections)))
        await state.ended.wait()


def main(arguments):
    if arguments[0] == "--uvloop":
        import uvloop

        uvloop.install()
        arguments = arguments[1:]
    where, connections = arguments[:2]
    messages = int(arguments[2]) if where == "self" else 0
    listener = socket.create_server(("127.0.0.1", 0))
    if not messages:
        write_port(where, listener.getsockname()[1])
    asyncio.run(serve(listener, int(connections), messages))
    print("done")


main(sys.argv[1:])
