'use strict';
// Marks for YieldSan: allow("why", () => ..), forbid(() => ..), blocking(() => ..). The functions
// must be synchronous. Without the addon, or without libyieldsan.so preloaded, they only call.

let addon = null;
try {
    addon = require('./build/Release/yieldsan_marks.node');
} catch {
    // Not built: the marks do nothing.
}

function within(begin, end, part) {
    if (addon === null) {
        return part();
    }
    begin();
    try {
        return part();
    } finally {
        end();
    }
}

exports.allow = (reason, part) => within(() => addon.allowBegin(String(reason)), () => addon.allowEnd(), part);
exports.forbid = (part) => within(() => addon.forbidBegin(), () => addon.forbidEnd(), part);
exports.blocking = (part) => within(() => addon.blockingBegin(), () => addon.blockingEnd(), part);
