// Names the running test of node:test to YieldSan, for findings in it:
//
//     yieldsan ci -- node --import /usr/local/share/yieldsan/node/yieldsan-tests.mjs --test
//
// Tests that run at the same time in one process share one variable: then the name is that of the
// one that started last.
import { afterEach, beforeEach } from 'node:test';

// The titles of a test and of the suites around it, as far as this version of Node knows them.
beforeEach((test) => {
    process.env.YIELDSAN_TEST = test?.fullName ?? test?.name ?? '';
});

afterEach(() => {
    delete process.env.YIELDSAN_TEST;
});
