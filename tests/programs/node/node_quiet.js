'use strict';
// Programs that do nothing wrong: whatever is found here at warning or error is a false alarm.
//
//     node_quiet.js CASE

const childProcess = require('child_process');
const dns = require('dns');
const fs = require('fs');
const http = require('http');
const { promisify } = require('util');
const { Worker } = require('worker_threads');

const sleep = promisify(setTimeout);

async function promises() {
    await sleep(2);
    const text = await fs.promises.readFile('data.txt', 'utf8'); // EXPECT-NONE
    await fs.promises.writeFile('written.txt', text); // EXPECT-NONE
    const file = await fs.promises.open('written.txt', 'r+'); // EXPECT-NONE
    await file.sync(); // EXPECT-NONE
    await file.close();
    await dns.promises.lookup('localhost'); // EXPECT-NONE
    await sleep(2);
}

async function children() {
    await sleep(2);
    await promisify(childProcess.exec)('sleep 0.02'); // EXPECT-NONE
    await sleep(2);
}

// Ends while its pool of threads still works: Node waits for them after its loop turned last.
async function exit() {
    for (let number = 0; number < 20; number++)
        fs.promises.readFile('data.txt').catch(() => {}); // EXPECT-NONE
    await sleep(5);
    process.on('exit', () => console.log('done'));
    process.exit(0);
}

async function request(port, agent) {
    await new Promise((resolve, reject) => {
        http.get({ host: '127.0.0.1', port, agent }, (response) => {
            response.resume();
            response.on('end', resolve);
        }).on('error', reject);
    });
}

async function server() {
    const listener = http.createServer((_, response) => response.end('hello\n'));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    await new Promise((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address();
    // One after the other on each connection: to begin all at once is a long turn of its own.
    await Promise.all(Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 40; i++)
            await request(port, agent);
    }));
    agent.destroy();
    await new Promise((resolve) => listener.close(resolve));
}

// Node reads a worker's script itself, in the worker's own loop.
async function worker() {
    fs.writeFileSync('worker.js', 'setTimeout(() => {}, 5);\n'); // no loop runs yet
    await sleep(2);
    await new Promise((resolve) => new Worker('./worker.js').on('exit', resolve)); // EXPECT-NONE
}

const cases = { promises, children, exit, server, worker };

cases[process.argv[2]]().then(() => console.log('done'));
