// Names the running test of jest to YieldSan: jest --testEnvironment PATH/yieldsan-jest.cjs
// It runs outside the sandbox of the tests, whose process.env is a copy that the library cannot see.
'use strict';
const { createRequire } = require('node:module');

const { TestEnvironment } = createRequire(`${process.cwd()}/`)('jest-environment-node');

function name(test) {
    const names = [];
    for (let at = test; at && at.name !== 'ROOT_DESCRIBE_BLOCK'; at = at.parent) {
        names.unshift(at.name);
    }
    return names.join(' ');
}

module.exports = class extends TestEnvironment {
    handleTestEvent(event) {
        if (event.name === 'test_fn_start') {
            process.env.YIELDSAN_TEST = name(event.test);
        } else if (event.name === 'test_fn_success' || event.name === 'test_fn_failure') {
            delete process.env.YIELDSAN_TEST;
        }
    }
};
