// Names the running test of mocha to YieldSan: mocha --require PATH/yieldsan-mocha.cjs
'use strict';

exports.mochaHooks = {
    beforeEach() {
        process.env.YIELDSAN_TEST = this.currentTest.fullTitle();
    },
    afterEach() {
        delete process.env.YIELDSAN_TEST;
    },
};
