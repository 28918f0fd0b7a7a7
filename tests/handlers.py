#!/usr/bin/env python3
"""Findings in web frameworks name the handler that the framework called, and its route where the source shows it."""

import os
import re
import shutil
import subprocess
import sys

from cli.place import BUILD, expect, report_of, run, run_tests, Skip, web_program

PYTHON = "/usr/bin/python3"
HOME = BUILD / "handlers"
CLIENT = """
import os, socket, threading, time

def slow():
    time.sleep(0.02)

def ask(port, *paths):
    for path in paths:
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(f"GET {path} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n".encode())
        while client.recv(4096):
            pass
    os._exit(0)

def later(port, *paths):
    threading.Timer(0.3, ask, (port, *paths)).start()
"""
UVICORN = """
listener = socket.create_server(("127.0.0.1", 0))
later(listener.getsockname()[1], "/user/7", "/")
uvicorn.Server(uvicorn.Config(app, log_level="error")).run(sockets=[listener])
"""
FASTAPI = CLIENT + """
import fastapi, uvicorn
app = fastapi.FastAPI()

@app.get("/user/{id}")
async def show_user(id: int):
    slow()
    return id

@app.get("/")
async def index():
    time.sleep(0.02)
""" + UVICORN
DJANGO = CLIENT + """
import uvicorn, django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpResponse
from django.urls import path
settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", LOGGING_CONFIG=None)

async def show_user(request, id):
    slow()
    return HttpResponse("x")

async def index(request):
    time.sleep(0.02)
    return HttpResponse("x")

urlpatterns = [path("user/<int:id>", show_user), path("", index)]
django.setup()
app = get_asgi_application()
""" + UVICORN
AIOHTTP = CLIENT + """
from aiohttp import web
routes = web.RouteTableDef()

@routes.get("/user/{id}")
async def show_user(request):
    slow()
    return web.Response()

async def index(request):
    time.sleep(0.02)
    return web.Response()

app = web.Application()
app.add_routes(routes)
app.router.add_get("/", index)
listener = socket.create_server(("127.0.0.1", 0))
later(listener.getsockname()[1], "/user/7", "/")
web.run_app(app, sock=listener, print=None)
"""
TORNADO = CLIENT + """
import asyncio
import tornado.web

async def main():
    open("big", "wb").write(b"x" * 1000000)
    app = tornado.web.Application([(r"/(.*)", tornado.web.StaticFileHandler, {"path": "."})])
    server = app.listen(0, "127.0.0.1")
    later(list(server._sockets.values())[0].getsockname()[1], "/big")
    await asyncio.Event().wait()

asyncio.run(main())
"""
ASK = """
const http = require('http');
function slow() {
  require('child_process').execSync('sleep 0.1');
}
function ask(port, paths) {
  if (!paths.length)
    process.exit(0);
  http.get({port, path: paths[0]}, response => {
    response.resume();
    response.on('end', () => ask(port, paths.slice(1)));
  });
}
"""
EXPRESS = ASK + """
const app = require('express')();
app.get('/user/:id', showUser);
function showUser(request, response) {
  slow();
  response.send('x');
}
app.get('/', (request, response) => {
  slow();
  response.send('x');
});
const server = app.listen(0, () => ask(server.address().port, ['/user/7', '/']));
"""
FASTIFY = ASK + """
const app = require('fastify')();
app.get('/user/:id', showUser);
async function showUser() {
  slow();
  return 'x';
}
app.get('/', async () => {
  slow();
  return 'x';
});
app.listen({port: 0}).then(() => ask(app.server.address().port, ['/user/7', '/']));
"""


def _fetched(name, command):
    """What a registry has, fetched once."""
    directory = HOME / name
    if (directory / "done").exists():
        return directory
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    if not shutil.which(command[0]):
        raise Skip(f"there is no {command[0]}")
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise Skip(f"{' '.join(command)}: {(done.stderr.strip().splitlines() or [''])[-1]}")
    (directory / "done").touch()
    return directory


def _python_packages(*packages):
    name = "_".join(packages)
    return _fetched(name, [PYTHON, "-m", "pip", "install", "--quiet", "--target", "site-packages", *packages]) / "site-packages"


def _python(place, text, *packages):
    directory = _python_packages(*packages)
    place.write("app.py", text)
    return run(PYTHON, "app.py", cwd=place.path, env={"PYTHONPATH": str(directory)})


def _node(place, text, package):
    directory = _fetched(package, ["npm", "install", "--silent", "--prefix", ".", package])
    os.symlink(directory / "node_modules", place / "node_modules")
    place.write("app.js", text)
    return run("--show=notice", "node", "app.js", cwd=place.path)


def _expect(result, *texts):
    for text in texts:
        expect(re.search(text, result.err, re.M), f"without `{text}': {result}")


SLOW = r"^ERROR   time.sleep \(clock_nanosleep\) blocks the (asyncio event loop|event loop of uvloop) in slow "
INDEX = r"^ERROR   time.sleep \(clock_nanosleep\) blocks the (asyncio event loop|event loop of uvloop) in index "


def fastapi(place):
    _expect(_python(place, FASTAPI, "fastapi", "uvicorn"), SLOW, INDEX,
            r'^  task: @app.get\("/user/\{id\}"\) show_user at app.py:\d+ > slow at app.py:\d+$',
            r'^  task: @app.get\("/"\) index at app.py:\d+$')


def django_on_asgi(place):
    _expect(_python(place, DJANGO, "django", "uvicorn"), SLOW, INDEX,
            r"^  task: show_user at app.py:\d+ > slow at app.py:\d+$", r"^  task: index at app.py:\d+$")


def aiohttp(place):
    _expect(_python(place, AIOHTTP, "aiohttp"), SLOW, INDEX,
            r'^  task: @routes.get\("/user/\{id\}"\) show_user at app.py:\d+ > slow at app.py:\d+$',
            r"^  task: index at app.py:\d+$")


def tornado_without_code_of_the_programs(place):
    result = _python(place, TORNADO, "tornado")
    _expect(result, r"^WARNING io.BufferedReader.read \(read from big\) blocks the asyncio event loop in "
                    r"tornado.web.StaticFileHandler.get_content \(")
    expect("in <module>" not in result.err, result)


def express(place):
    _expect(_node(place, EXPRESS, "express"), r"^\w+ +child_process.execSync .* in slow ",
            r"^  task: GET /user/:id showUser at app.js:\d+ > slow at app.js:\d+$",
            r"^  task: GET / <anonymous> at app.js:\d+ > slow at app.js:\d+$")


def fastify(place):
    _expect(_node(place, FASTIFY, "fastify"), r"^\w+ +child_process.execSync .* in slow ",
            r"^  task: GET /user/:id showUser at app.js:\d+ > slow at app.js:\d+$",
            r"^  task: GET / (<anonymous>|[\w.]+) at app.js:\d+ > slow at app.js:\d+$")


def _expect_rust(server, runs_in):
    report = HOME / f"{server}.json"
    result = run("--fail-on=never", web_program(server))
    _expect(result, r"^ERROR   std::thread::sleep \(clock_nanosleep\) blocks a tokio worker in web::slow \(",
            rf"^  task: {server}::show_user at {server}.rs:\d+ > {server}::find_user at {server}.rs:\d+, in {runs_in}$")
    run("--format=json", f"--report={report}", "--fail-on=never", web_program(server))
    found, = (each for each in report_of(report)["findings"] if each["severity"] == "error")
    # Whole in JSON: each generic future between the server's loop and the handler.
    expect(len(found["task"]["awaits"]) > 3, found["task"])


def axum(place):
    _expect_rust("axum", r"axum::serve::\S+")


def actix_web(place):
    _expect_rust("actix", r"actix_server::\S+")


def code_of_no_framework_has_no_handler(place):
    place.write("app.py", "import asyncio, time\n\nasync def index():\n    time.sleep(0.02)\n\n"
                          "async def main():\n    await asyncio.sleep(0.01)\n    await index()\n\nasyncio.run(main())\n")
    result = run(PYTHON, "app.py", cwd=place.path)
    expect(" in index " in result.err and "  task:" not in result.err, result)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
