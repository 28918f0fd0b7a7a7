// Names the running test of vitest to YieldSan, as one of its setupFiles. Needs the pool `forks': in
// worker threads the environment is a copy that the library cannot see.
import { afterEach, beforeEach } from 'vitest';

function name(task) {
    const names = [];
    for (let at = task; at && at.name && at !== at.file; at = at.suite) {
        names.unshift(at.name);
    }
    return names.join(' > ');
}

beforeEach((context) => {
    process.env.YIELDSAN_TEST = name(context.task);
});

afterEach(() => {
    delete process.env.YIELDSAN_TEST;
});
