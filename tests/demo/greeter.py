"""A service that greets each client, and its clients. It works, and blocks its event loop in two
places."""

import asyncio
import os
import subprocess
import sys

CLIENTS = 10


def write_log(file, line):
    """On the disk before the answer goes out: no other client is answered meanwhile."""
    file.write(line)
    file.flush()
    os.fsync(file.fileno())


async def greeting():
    # asyncio.create_subprocess_exec would let others go on.
    return subprocess.run(["sh", "-c", "sleep 0.05; uname -n"], stdout=subprocess.PIPE, check=True).stdout


async def visit(address):
    reader, writer = await asyncio.open_connection(*address)
    text = await reader.read()
    writer.close()
    return len(text)


async def main(log):
    async def serve(_, writer):
        write_log(log, "one more\n")
        writer.write(b"hello from " + await greeting())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    sizes = await asyncio.gather(*(visit(address) for _ in range(CLIENTS)))
    server.close()
    print(f"{CLIENTS} clients were greeted with {sum(sizes)} bytes")


with open(sys.argv[1], "w", encoding="utf-8") as file:
    asyncio.run(main(file))
