"""What people do wrong in handlers of Node: one row each, with the right way beside it.

Row(name, wrong, right, says, least, setup, needs)
	wrong	statements of a handler, which blocks; right: the same done well, which must be silent
	says	what the finding's message must begin with, up to a blank: as a user writes the call
	least	the lowest severity that will do; work that computes takes as long as the machine makes it
	setup	statements before the server listens
	needs	a package of npm, or "fuse"
DIR is a directory, FUSE one whose names take SLOW_MS to look up: longer than what is excused while other
processes keep the disk busy (100 ms).
"""
import collections

Row = collections.namedtuple("Row", "name wrong right says least setup needs", defaults=("error", "", None))

SLOW_MS = 150


def computes(*arguments, **others):
    return Row(*arguments, least="warning", **others)


PROMISIFY = "await promisify({0}.{1})({2})"


def in_worker(text):
    return f"await inWorker(() => {{ {text} }});"


ROWS = {
    "fs": [
        Row("readFileSync", "feed(); fs.readFileSync(FIFO);", "feed(); await fs.promises.readFile(FIFO);", "fs.readFileSync"),
        Row("writeFileSync", "drain(); fs.writeFileSync(FIFO, 'x');", "drain(); await fs.promises.writeFile(FIFO, 'x');",
            "fs.writeFileSync"),
        Row("appendFileSync", "drain(); fs.appendFileSync(FIFO, 'x');", "drain(); await fs.promises.appendFile(FIFO, 'x');",
            "fs.appendFileSync"),
        Row("readSync", "feed(0.1); const file = fs.openSync(FIFO, 'r+');\nfs.readSync(file, Buffer.alloc(10));\nfs.closeSync(file);",
            "feed(0.1); const file = await fs.promises.open(FIFO, 'r+');\nawait file.read(Buffer.alloc(10));\nawait file.close();",
            "fs.readSync"),
        Row("readStream", "feed(); fs.readFileSync(FIFO, 'utf8').toUpperCase();",
            "feed(); for await (const part of fs.createReadStream(FIFO)) part.toString().toUpperCase();", "fs.readFileSync"),
        Row("existsSync", "fs.existsSync(FUSE + '/a');", "await fs.promises.access(FUSE + '/a');", "fs.existsSync", needs="fuse"),
        Row("statSync", "fs.statSync(FUSE + '/b');", "await fs.promises.stat(FUSE + '/b');", "fs.statSync", needs="fuse"),
        Row("realpathSync", "fs.realpathSync(FUSE + '/c');", "await fs.promises.realpath(FUSE + '/c');", "fs.realpathSync", needs="fuse"),
        Row("unlinkSync", "fs.unlinkSync(FUSE + '/e');", "await fs.promises.unlink(FUSE + '/e');", "fs.unlinkSync", needs="fuse"),
        Row("readSlowFile", "fs.readFileSync(FUSE + '/f');", "await fs.promises.readFile(FUSE + '/f');", "fs.readFileSync", needs="fuse"),
    ],
    "child_process": [
        Row("execSync", "cp.execSync('sleep 0.1');", "await promisify(cp.exec)('sleep 0.1');", "child_process.execSync"),
        Row("execFileSync", "cp.execFileSync('sleep', ['0.1']);", "await promisify(cp.execFile)('sleep', ['0.1']);",
            "child_process.execFileSync"),
        Row("spawnSync", "cp.spawnSync('sleep', ['0.1']);", "await events.once(cp.spawn('sleep', ['0.1']), 'exit');",
            "child_process.spawnSync"),
        Row("execSyncInput", "cp.execSync('sleep 0.1; cat', { input: 'x' });",
            "const child = cp.exec('sleep 0.1; cat'); child.stdin.end('x'); await events.once(child, 'exit');", "child_process.execSync"),
    ],
    "zlib": [
        computes("gzipSync", "zlib.gzipSync(noise);", "await promisify(zlib.gzip)(noise);", "zlib.gzipSync"),
        computes("gunzipSync", "zlib.gunzipSync(packed);", "await promisify(zlib.gunzip)(packed);", "zlib.gunzipSync",
                 setup="const packed = zlib.gzipSync(crypto.randomBytes(1e7).toString('hex'), { level: 1 });"),
        computes("deflateSync", "zlib.deflateSync(noise);",
                 "await stream.promises.pipeline(stream.Readable.from([noise]), zlib.createDeflate(), new stream.PassThrough().resume());",
                 "zlib.deflateSync"),
        computes("brotliSync", "zlib.brotliCompressSync(noise.subarray(0, 300000));",
                 "await promisify(zlib.brotliCompress)(noise.subarray(0, 300000));", "zlib.brotliCompressSync"),
    ],
    "crypto": [
        computes("pbkdf2Sync", "crypto.pbkdf2Sync('p', 's', 400000, 64, 'sha256');",
                 "await promisify(crypto.pbkdf2)('p', 's', 400000, 64, 'sha256');", "crypto.pbkdf2Sync"),
        computes("scryptSync", "crypto.scryptSync('p', 's', 64, { N: 32768, maxmem: 1e9 });",
                 "await promisify(crypto.scrypt)('p', 's', 64, { N: 32768, maxmem: 1e9 });", "crypto.scryptSync"),
        computes("randomFillSync", "crypto.randomFillSync(room);", "await promisify(crypto.randomFill)(room);", "crypto.randomFillSync",
                 setup="const room = Buffer.alloc(200000000);"),
        computes("generateKeyPairSync", "crypto.generateKeyPairSync('rsa', { modulusLength: 3072 });",
                 "await promisify(crypto.generateKeyPair)('rsa', { modulusLength: 3072 });", "crypto.generateKeyPairSync"),
    ],
    "computing": [
        computes("JSON_parse", "JSON.parse(text);", in_worker("return JSON.parse(text()).length;"), "JSON.parse"),
        computes("JSON_stringify", "JSON.stringify(list);", in_worker("return JSON.stringify(list()).length;"), "JSON.stringify",
                 setup="const list = JSON.parse(text);"),
        computes("expression", "/^(a+)+$/.test('a'.repeat(23) + '!');", "/^a+$/.test('a'.repeat(23) + '!');", "a regular expression"),
        computes("replace", "'x'.repeat(40000).replace(/x*y/g, '');", "'x'.repeat(40000).replaceAll('y', '');", "a regular expression"),
        computes("loop", "let x = 1; for (let i = 0; i < 3e7; i++) x = (x * 31 + i) % 1000003; globalThis.x = x;",
                 "for (let i = 0; i < 10; i++) { for (const end = Date.now() + 3; Date.now() < end;); await setImmediately(); }",
                 "a long turn keeps"),
    ],
    "waits": [
        Row("Atomics_wait", "Atomics.wait(cell(), 0, 0, 100);", "await Atomics.waitAsync(cell(), 0, 0, 100).value;", "Atomics.wait"),
    ],
    "better-sqlite3": [
        computes("sqlite_query", "db.prepare(COUNT).get();", in_worker("return database().prepare(COUNT()).get().n;"),
                 "get of better-sqlite3", needs="better-sqlite3",
                 setup="const db = require('better-sqlite3')(DIR + '/x.db');\ndb.exec('CREATE TABLE IF NOT EXISTS t (x)');\n"
                 "const COUNT = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000) SELECT count(*) AS n FROM c';"),
        Row("sqlite_busy", "await holdDatabase(); db.exec('INSERT INTO t VALUES (1)');",
            "await holdDatabase(); " + in_worker("return database().exec('INSERT INTO t VALUES (1)') && 1;"),
            "exec of better-sqlite3", needs="better-sqlite3"),
    ],
}

# What each further framework is tried with.
FIVE = ("readFileSync", "execSync", "pbkdf2Sync", "JSON_parse", "gzipSync")

FRAMEWORKS = {
    "http": """
const routes = {{ {names} }};
const server = http.createServer((request, response) => {{
    request.resume();
    // Each handler begins a turn of its own.
    request.on('end', routes[request.url.slice(1)].bind(null, request, response));
}});
server.listen(0, '127.0.0.1', announce);
""",
    "express": """
const app = require('express')();
{routes}
const server = app.listen(0, '127.0.0.1', () => announce.call(server));
""",
    "fastify": """
const app = require('fastify')();
{routes}
const server = app.server;
app.listen({{ port: 0, host: '127.0.0.1' }}).then(() => announce.call(server));
""",
}

PROGRAM = """
'use strict';
const cp = require('child_process'), crypto = require('crypto'), events = require('events'), fs = require('fs'), http = require('http');
const stream = require('stream'), zlib = require('zlib');
const {{ promisify }} = require('util'), {{ Worker }} = require('worker_threads');
const setImmediately = promisify(setImmediate);
const DIR = {directory!r}, FUSE = {fuse!r}, FIFO = DIR + '/fifo';
const noise = crypto.randomBytes(4000000);
const text = JSON.stringify(Array.from({{ length: 300000 }}, (_, i) => ({{ i, s: 'item ' + i }})));
const cell = () => new Int32Array(new SharedArrayBuffer(4));
const feed = (seconds = 0.1) => {{ cp.spawn('sh', ['-c', `sleep ${{seconds}}; echo x > ${{FIFO}}`], {{ stdio: 'inherit' }}); }};
const drain = () => {{ cp.spawn('sh', ['-c', `sleep 0.1; cat ${{FIFO}}`], {{ stdio: 'ignore' }}); }};
const WORKER = `
const text = () => JSON.stringify(Array.from({{ length: 300000 }}, (_, i) => ({{ i, s: 'item ' + i }})));
const list = () => JSON.parse(text());
const database = () => require('better-sqlite3')({directory!r} + '/x.db');
const COUNT = () => 'SELECT count(*) AS n FROM t';
`;
async function inWorker(work) {{
    const worker = new Worker(`${{WORKER}}; require('worker_threads').parentPort.postMessage((${{work}})());`, {{ eval: true }});
    return (await events.once(worker, 'message'))[0];
}}
async function holdDatabase() {{
    const worker = new Worker(`${{WORKER}}; const db = database(); db.exec('BEGIN EXCLUSIVE');
        require('worker_threads').parentPort.postMessage(1); setTimeout(() => db.exec('COMMIT'), 150);`, {{ eval: true }});
    await events.once(worker, 'message');
}}
{setup}
{functions}
function announce() {{ console.log(this.address().port); }}
process.on('SIGTERM', () => {{ server.closeAllConnections(); server.close(); }});
{server}
"""
