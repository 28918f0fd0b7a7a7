'use strict';
// Blocking operations in callbacks of the event loop:
//
//     node_cases.js CONTEXT OPERATION...     (or `all`)
//
// Contexts: timer, immediate, promise and first (a timer that is due when the loop begins) hold the loop;
// startup runs before it turns.

const childProcess = require('child_process');
const fs = require('fs');

const WAIT = 50;

const operations = {
    readFile() {
        const text = fs.readFileSync('data.txt', 'utf8'); // EXPECT warning|error open|open64|openat category=file case=readFile EXPECT warning|error read|pread|pread64 category=file case=readFile
        if (!text.startsWith('line 0'))
            throw new Error('data.txt');
    },
    exec() {
        childProcess.execSync('sleep 0.05'); // EXPECT error epoll_wait|epoll_pwait|poll|waitpid|wait4 case=exec
    },
    compute() {
        const used = () => process.cpuUsage().user;
        const end = used() + 200000;
        while (used() < end)
            for (let i = 0; i < 1000000; i++); // EXPECT error busy kind=long-turn case=compute
    },
    atomicsWait() {
        const cell = new Int32Array(new SharedArrayBuffer(4));
        // Its list of waiters has a lock, which another thread of V8 may have.
        Atomics.wait(cell, 0, 0, WAIT); // EXPECT error pthread_cond_timedwait|pthread_cond_clockwait case=atomicsWait ALLOW warning pthread_mutex_lock case=atomicsWait
    },
    fsync() {
        const file = fs.openSync('synced.txt', 'w'); // EXPECT warning|error open|open64|openat category=file case=fsync
        fs.writeSync(file, 'text\n'); // EXPECT warning|error write|pwrite|pwrite64 category=file case=fsync
        fs.fsyncSync(file); // EXPECT warning|error fsync|fdatasync category=file case=fsync
        fs.closeSync(file);
    },
};

const contexts = {
    timer: (block) => new Promise((resolve) => {
        setTimeout(() => {
            block();
            resolve();
        }, 2);
    }),
    immediate: (block) => new Promise((resolve) => {
        setImmediate(() => {
            block();
            resolve();
        });
    }),
    promise: async (block) => {
        await settle();
        block();
    },
};

// A few turns before and after, as in a program that has been running for a while.
async function settle() {
    for (let turn = 0; turn < 3; turn++)
        await new Promise((resolve) => setTimeout(resolve, 1));
}

async function run(context, blocks) {
    for (const block of blocks) {
        await settle();
        await contexts[context](block);
        await settle();
    }
    console.log('done');
}

const [context, ...names] = process.argv.slice(2);
const chosen = names[0] === 'all' ? Object.keys(operations) : names;
const blocks = chosen.map((name) => operations[name]);

if (context === 'startup') {
    for (const block of blocks)
        block();
    console.log('done');
} else if (context === 'first') {
    setTimeout(() => {
        for (const block of blocks)
            block();
        console.log('done');
    }, 1);
    for (const end = Date.now() + 10; Date.now() < end;);
} else {
    run(context, blocks);
}
