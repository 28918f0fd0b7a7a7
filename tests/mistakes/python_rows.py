"""What people do wrong in coroutines: one row each, with the right way beside it.

Row(name, setup, wrong, right, says, least)
	setup	statements before the event loop starts
	wrong	statements of a coroutine, which blocks; right: the same done well, which must be silent
	says	what the finding's message must begin with, up to a blank: as a user writes the call
	least	the lowest severity that will do
PORT is a dictionary of the servers in servers.py, CERT their certificate, DIR a directory.
"""
import collections

Row = collections.namedtuple("Row", "name setup wrong right says least", defaults=("error",))

URL = "f'http://127.0.0.1:{PORT[\"http\"]}/'"
URLS = "f'https://localhost:{PORT[\"tls\"]}/'"

ROWS = {
    "http": [
        Row("requests_get", "import requests", f"requests.get({URL})",
            f"await asyncio.to_thread(requests.get, {URL})", "requests.get"),
        Row("requests_timeout", "import requests", f"requests.get({URL}, timeout=5)",
            f"await asyncio.to_thread(requests.get, {URL}, timeout=5)", "requests.get"),
        Row("requests_session", "import requests\nsession = requests.Session()", f"session.post({URL}, data=b'x')",
            f"await asyncio.to_thread(session.post, {URL}, data=b'x')", "requests."),
        Row("requests_https", "import requests", f"requests.get({URLS}, verify=CERT)",
            f"await asyncio.to_thread(requests.get, {URLS}, verify=CERT)", "requests.get"),
        Row("urllib3", "import urllib3\npool = urllib3.PoolManager()", f"pool.request('GET', {URL})",
            f"await asyncio.to_thread(pool.request, 'GET', {URL})", "urllib3."),
        Row("httpx_sync", "import httpx\nimport anyio\nimport anyio._backends._asyncio\nclient = httpx.Client(trust_env=False)\nhaste = httpx.AsyncClient(trust_env=False)",
            f"client.get({URL})", f"await haste.get({URL})", "httpx."),
        Row("urllib_request", "import urllib.request", f"urllib.request.urlopen({URL}).read()",
            f"await asyncio.to_thread(lambda: urllib.request.urlopen({URL}).read())", "urllib.request.urlopen"),
        Row("http_client", "import http.client",
            "c = http.client.HTTPConnection('127.0.0.1', PORT['http'])\nc.request('GET', '/')\nc.getresponse().read()",
            "def ask():\n    c = http.client.HTTPConnection('127.0.0.1', PORT['http'])\n    c.request('GET', '/')\n"
            "    c.getresponse().read()\nawait asyncio.to_thread(ask)", "http.client."),
        Row("boto3", "import boto3\ns3 = boto3.client('s3', endpoint_url=f'http://127.0.0.1:{PORT[\"http\"]}', "
            "aws_access_key_id='x', aws_secret_access_key='y', region_name='eu-west-1')", "s3.list_buckets()",
            "await asyncio.to_thread(s3.list_buckets)", "botocore."),
    ],
    "databases": [
        Row("redis", "import redis\nimport redis.asyncio\nr = redis.Redis(port=PORT['redis'])\n"
            "ar = redis.asyncio.Redis(port=PORT['redis'])", "r.get('key')", "await ar.get('key')", "redis."),
        Row("psycopg2", "import psycopg2\npg = psycopg2.connect(host='127.0.0.1', port=PORT['postgres'], user='u', "
            "password='p', dbname='d', sslmode='disable', gssencmode='disable')\ncursor = pg.cursor()",
            "cursor.execute('SELECT 1')", "await asyncio.to_thread(cursor.execute, 'SELECT 1')", "psycopg2."),
        Row("pymysql", "import pymysql\nmy = pymysql.connect(host='127.0.0.1', port=PORT['mysql'], user='u', password='p', "
            "ssl_disabled=True, autocommit=None)\nmc = my.cursor()", "mc.execute('SELECT 1')",
            "await asyncio.to_thread(mc.execute, 'SELECT 1')", "pymysql."),
        Row("sqlite_busy", "import sqlite3\nimport threading\n"
            "sqlite3.connect(f'{DIR}/busy.db').execute('create table if not exists t (x)').connection.commit()\n"
            "def hold():\n    other = sqlite3.connect(f'{DIR}/busy.db', isolation_level=None)\n"
            "    other.execute('begin exclusive')\n    time.sleep(0.2)\n    other.execute('commit')\n"
            "db = sqlite3.connect(f'{DIR}/busy.db', check_same_thread=False, isolation_level=None)",
            "t = threading.Thread(target=hold)\nt.start()\nawait asyncio.sleep(0.05)\ndb.execute('insert into t values (1)')\n"
            "await asyncio.to_thread(t.join)",
            "t = threading.Thread(target=hold)\nt.start()\nawait asyncio.sleep(0.05)\n"
            "await asyncio.to_thread(db.execute, 'insert into t values (1)')\nawait asyncio.to_thread(t.join)",
            "sqlite3.Connection.execute"),
    ],
    "network": [
        Row("smtplib", "import smtplib",
            "s = smtplib.SMTP('127.0.0.1', PORT['smtp'])\ns.sendmail('a@b', ['c@d'], 'Subject: x\\n\\ny')\ns.quit()",
            "def mail():\n    s = smtplib.SMTP('127.0.0.1', PORT['smtp'])\n    s.sendmail('a@b', ['c@d'], 'Subject: x\\n\\ny')\n"
            "    s.quit()\nawait asyncio.to_thread(mail)", "smtplib."),
        Row("ftplib", "import ftplib\nftp = ftplib.FTP()\nftp.connect('127.0.0.1', PORT['ftp'])\nftp.login()",
            "ftp.pwd()", "await asyncio.to_thread(ftp.pwd)", "ftplib."),
        Row("socket_recv", "import socket\ns = socket.create_connection(('127.0.0.1', PORT['line']))",
            "s.sendall(b'x\\n')\ns.recv(10)",
            "a, b = await asyncio.open_connection('127.0.0.1', PORT['line'])\nb.write(b'x\\n')\nawait a.readline()\nb.close()",
            "socket."),
        Row("socket_timeout", "import socket\nst = socket.create_connection(('127.0.0.1', PORT['line']), timeout=5)",
            "st.sendall(b'x\\n')\nst.recv(10)", "await asyncio.to_thread(lambda: (st.sendall(b'x\\n'), st.recv(10)))", "socket."),
        Row("ssl_handshake", "import ssl\nimport socket\ncontext = ssl.create_default_context(cafile=CERT)",
            "raw = socket.create_connection(('localhost', PORT['tls']))\ncontext.wrap_socket(raw, server_hostname='localhost').close()",
            "a, b = await asyncio.open_connection('localhost', PORT['tls'], ssl=context)\nb.close()", "ssl."),
    ],
    "waits": [
        Row("time_sleep", "", "time.sleep(0.12)", "await asyncio.sleep(0.12)", "time.sleep"),
        Row("subprocess_run", "import subprocess", "subprocess.run(['sleep', '0.12'])",
            "p = await asyncio.create_subprocess_exec('sleep', '0.12')\nawait p.wait()", "subprocess.run"),
        Row("subprocess_output", "import subprocess", "subprocess.check_output('sleep 0.12; echo x', shell=True)",
            "p = await asyncio.create_subprocess_shell('sleep 0.12; echo x', stdout=-1)\nawait p.communicate()", "subprocess.check_output"),
        Row("os_system", "import os", "os.system('sleep 0.12')",
            "p = await asyncio.create_subprocess_shell('sleep 0.12')\nawait p.wait()", "os.system"),
        Row("popen_wait", "import subprocess", "subprocess.Popen(['sleep', '0.12']).wait()",
            "await asyncio.to_thread(subprocess.Popen(['sleep', '0.12']).wait)", "subprocess.Popen.wait"),
        Row("queue_get", "import queue\nimport threading\nq = queue.Queue()", "threading.Timer(0.12, q.put, ('x',)).start()\nq.get()",
            "threading.Timer(0.12, q.put, ('x',)).start()\nawait asyncio.to_thread(q.get)", "queue.Queue.get"),
        Row("queue_timeout", "import queue\nqt = queue.Queue()", "try:\n    qt.get(timeout=0.12)\nexcept queue.Empty:\n    pass",
            "try:\n    await asyncio.wait_for(asyncio.Queue().get(), 0.12)\nexcept asyncio.TimeoutError:\n    pass", "queue.Queue.get"),
        Row("lock_contended", "import threading\nlock = threading.Lock()\n"
            "def hold_lock():\n    with lock:\n        time.sleep(0.15)",
            "threading.Thread(target=hold_lock).start()\nawait asyncio.sleep(0.03)\nlock.acquire()\nlock.release()",
            "guard = asyncio.Lock()\nasync with guard:\n    await asyncio.sleep(0.01)", "threading.Lock.acquire"),
        Row("event_wait", "import threading\nevent = threading.Event()", "threading.Timer(0.12, event.set).start()\nevent.wait()",
            "e = asyncio.Event()\nloop.call_later(0.12, e.set)\nawait e.wait()", "threading.Event.wait"),
        Row("condition_wait", "import threading\ncondition = threading.Condition()",
            "with condition:\n    condition.wait(0.12)", "c = asyncio.Condition()\nasync with c:\n    c.notify_all()", "threading.Condition.wait"),
        Row("thread_join", "import threading", "t = threading.Thread(target=time.sleep, args=(0.12,))\nt.start()\nt.join()",
            "t = threading.Thread(target=time.sleep, args=(0.12,))\nt.start()\nawait asyncio.to_thread(t.join)", "threading.Thread.join"),
        Row("future_result", "import concurrent.futures\npool4 = concurrent.futures.ThreadPoolExecutor(2)",
            "pool4.submit(time.sleep, 0.12).result()", "await loop.run_in_executor(pool4, time.sleep, 0.12)",
            "concurrent.futures.Future.result"),
        Row("semaphore", "import threading\nsem = threading.Semaphore(0)", "threading.Timer(0.12, sem.release).start()\nsem.acquire()",
            "s = asyncio.Semaphore(1)\nasync with s:\n    pass", "threading.Semaphore.acquire"),
        Row("multiprocessing_queue", "import multiprocessing\nmq = multiprocessing.Queue()",
            "import threading\nthreading.Timer(0.12, mq.put, ('x',)).start()\nmq.get()",
            "import threading\nthreading.Timer(0.12, mq.put, ('x',)).start()\nawait asyncio.to_thread(mq.get)", "multiprocessing."),
        Row("input_pipe", "import os\nrd, wr = os.pipe()", "import threading\nthreading.Timer(0.12, os.write, (wr, b'x')).start()\nos.read(rd, 1)",
            "import threading\nthreading.Timer(0.12, os.write, (wr, b'x')).start()\nawait asyncio.to_thread(os.read, rd, 1)", "os.read"),
        Row("select_select", "import select\nimport os\nr2, w2 = os.pipe()", "select.select([r2], [], [], 0.12)",
            "await asyncio.sleep(0.12)", "select.select"),
    ],
    "logging": [
        Row("smtp_handler", "import logging\nimport logging.handlers\nmail = logging.getLogger('mail')\nmail.propagate = False\n"
            "mail.addHandler(logging.handlers.SMTPHandler(('127.0.0.1', PORT['smtp']), 'a@b', ['c@d'], 's'))",
            "mail.error('x')", "await asyncio.to_thread(mail.error, 'x')", "logging.Logger.error"),
        Row("socket_handler", "import logging\nimport logging.handlers\nsock = logging.getLogger('sock')\nsock.propagate = False\n"
            "sock.addHandler(logging.handlers.SocketHandler('127.0.0.1', PORT['stuck']))",
            "sock.error('x' * 20000000)", "await asyncio.to_thread(sock.error, 'x')", "logging.Logger.error"),
        Row("syslog_handler", "import logging\nimport logging.handlers\nimport socket\nsysl = logging.getLogger('sysl')\nsysl.propagate = False\n"
            "sysl.addHandler(logging.handlers.SysLogHandler(('127.0.0.1', PORT['stuck']), socktype=socket.SOCK_STREAM))",
            "sysl.error('x' * 20000000)", "await asyncio.to_thread(sysl.error, 'y')", "logging.Logger.error"),
        Row("full_pipe", "import logging\nimport os\nimport threading\nrp, wp = os.pipe()\n"
            "def drain():\n    time.sleep(0.15)\n    while os.read(rp, 1 << 20):\n        pass\n"
            "pipelog = logging.getLogger('pipe')\npipelog.propagate = False\npipelog.addHandler(logging.StreamHandler(os.fdopen(wp, 'w')))",
            "threading.Thread(target=drain, daemon=True).start()\npipelog.error('x' * 300000)",
            "await asyncio.to_thread(pipelog.error, 'x')", "logging.Logger.error"),
        Row("queue_handler_is_right", "import logging\nimport logging.handlers\nimport queue\nql = logging.getLogger('ql')\nql.propagate = False\n"
            "ql.addHandler(logging.handlers.QueueHandler(queue.SimpleQueue()))", "time.sleep(0.05)", "ql.error('x')", "time.sleep"),
    ],
    "computing": [
        Row("gzip", "import gzip\nimport os\nblob = os.urandom(1 << 20) * 12", "gzip.compress(blob)", "await asyncio.to_thread(gzip.compress, blob)",
            "a long turn"),
        Row("zipfile", "import zipfile\nimport os\nimport io\nbig = os.urandom(1 << 20) * 10",
            "with zipfile.ZipFile(io.BytesIO(), 'w', zipfile.ZIP_DEFLATED) as z:\n    z.writestr('x', big)",
            "def pack():\n    with zipfile.ZipFile(io.BytesIO(), 'w', zipfile.ZIP_DEFLATED) as z:\n        z.writestr('x', big)\n"
            "await asyncio.to_thread(pack)", "a long turn"),
        Row("json_loads", "import json\ntext = json.dumps([{'a': i, 'b': [str(i)] * 4} for i in range(120000)])", "json.loads(text)",
            "await asyncio.sleep(0.01)", "a long turn"),
        Row("hashing", "import hashlib", "hashlib.pbkdf2_hmac('sha256', b'p', b's', 1200000)",
            "await asyncio.to_thread(hashlib.pbkdf2_hmac, 'sha256', b'p', b's', 1200000)", "a long turn"),
        Row("regex", "import re\nevil = re.compile(r'(a+)+$')", "evil.match('a' * 23 + 'b')", "await asyncio.sleep(0.01)", "a long turn"),
    ],
    "locks": [
        Row("filelock", "import fcntl\nimport filelock\nimport threading\nlock_file = f'{DIR}/file.lock'\n"
            "def hold_file(path):\n    with open(path, 'a') as f:\n        fcntl.flock(f, fcntl.LOCK_EX)\n        time.sleep(0.2)\n"
            "async def held(path):\n    threading.Thread(target=hold_file, args=(path,)).start()\n    await asyncio.sleep(0.05)",
            "await held(lock_file)\nwith filelock.FileLock(lock_file):\n    pass",
            "await held(lock_file)\nasync with filelock.AsyncFileLock(lock_file):\n    pass", "filelock."),
        Row("filelock_probe", "", "time.sleep(0.05)", "lock = filelock.FileLock(lock_file, blocking=False)\nlock.acquire()\nlock.release()",
            "time.sleep"),
        Row("portalocker", "import portalocker", "await held(f'{DIR}/port.lock')\nwith portalocker.Lock(f'{DIR}/port.lock', timeout=5):\n    pass",
            "lock = portalocker.Lock(f'{DIR}/port.lock', timeout=5)\nawait asyncio.to_thread(lock.acquire)\nawait asyncio.to_thread(lock.release)",
            "portalocker.Lock."),
    ],
    "generated": [
        Row("jinja2", "import jinja2\nslow = jinja2.Template('{{ load(0.12) }}')\nasync def give(x):\n    await asyncio.sleep(x)\n"
            "haste = jinja2.Template('{{ load(0.12) }}', enable_async=True)", "slow.render(load=time.sleep)",
            "await haste.render_async(load=give)", "jinja2.Template.render (clock_nanosleep) blocks the asyncio event loop in wrong_jinja2 "),
        Row("attrs", "import attr\n@attr.s\nclass Job:\n    x = attr.ib(converter=time.sleep)", "Job(0.12)", "await asyncio.sleep(0.12)",
            "Job (clock_nanosleep) blocks the asyncio event loop in wrong_attrs "),
    ],
    "files": [
        Row("open_read", "import os\nopen(f'{DIR}/data', 'wb').write(b'x' * 300000)", "with open(f'{DIR}/data', 'rb') as f:\n    f.read()",
            "await asyncio.to_thread(lambda: open(f'{DIR}/data', 'rb').read())", "open", "notice"),
        Row("fsync", "import os", "with open(f'{DIR}/log', 'ab') as f:\n    f.write(b'x' * 100000)\n    f.flush()\n    os.fsync(f.fileno())",
            "def put():\n    with open(f'{DIR}/log', 'ab') as f:\n        f.write(b'x')\n        f.flush()\n        os.fsync(f.fileno())\n"
            "await asyncio.to_thread(put)", "os.fsync", "warning"),
        Row("import_in_handler", "", "import xml.dom.expatbuilder\nimport distutils.ccompiler\nimport mailbox",
            "await asyncio.sleep(0.01)", "a long turn", "warning"),
    ],
}

# Five of them under other loops and below frameworks: how a program runs its `main`, and the right ways of Trio.
FIVE = ("requests_get", "redis", "time_sleep", "subprocess_run", "future_result")

TRIO_RIGHT = {
    "requests_get": f"await trio.to_thread.run_sync(requests.get, {URL})",
    "redis": "await trio.to_thread.run_sync(r.get, 'key')",
    "time_sleep": "await trio.sleep(0.12)",
    "subprocess_run": "await trio.run_process(['sleep', '0.12'])",
    "future_result": "await trio.to_thread.run_sync(time.sleep, 0.12)",
}

SERVE = """
import threading
import urllib.request

def visit(port, stop):
    for _ in range(100):
        try:
            urllib.request.urlopen(f'http://127.0.0.1:{port}/ready').read()
            break
        except OSError:
            time.sleep(0.05)
    for function in functions:
        urllib.request.urlopen(f'http://127.0.0.1:{port}/{function.__name__}').read()
        time.sleep(0.02)
    stop()

def free_port():
    import socket
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]
"""

LOOPS = {
    "asyncio": "asyncio.run(main())",
    "uvloop": "import uvloop\nuvloop.run(main())",
    "trio": "import trio\n\nasync def trio_main():\n    for function in functions:\n        await function()\n"
            "        await trio.sleep(0.02)\n\ntrio.run(trio_main)",
    "uvicorn": SERVE + """
import fastapi
import uvicorn

app = fastapi.FastAPI()

@app.get('/ready')
async def ready():
    return 'ready'

for function in functions:
    app.get(f'/{function.__name__}')(function)
port = free_port()
server = uvicorn.Server(uvicorn.Config(app, port=port, log_level='error'))

async def start():
    global loop
    loop = asyncio.get_running_loop()
    await server.serve()

threading.Thread(target=visit, args=(port, lambda: setattr(server, 'should_exit', True))).start()
asyncio.run(start())
""",
    "aiohttp": SERVE + """
from aiohttp import web

def handler(function):
    async def handle(request):
        await function()
        return web.Response(text='done')
    return handle

async def start():
    global loop
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    app = web.Application()
    app.router.add_get('/ready', handler(lambda: asyncio.sleep(0)))
    for function in functions:
        app.router.add_get(f'/{function.__name__}', handler(function))
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, '127.0.0.1', port).start()
    threading.Thread(target=visit, args=(port, lambda: loop.call_soon_threadsafe(done.set))).start()
    await done.wait()
    await runner.cleanup()

asyncio.run(start())
""",
}
