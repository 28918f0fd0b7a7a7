// CPU milliseconds of a TLS context with Node's own root certificates: the median of many.
"use strict";
const tls = require("tls");

const took = [];

function measure() {
    const began = process.cpuUsage();
    tls.createSecureContext({ ca: tls.rootCertificates });
    const { user, system } = process.cpuUsage(began);
    took.push((user + system) / 1000);
    if (took.length < 15) {
        setTimeout(measure, 1);
    } else {
        took.sort((a, b) => a - b);
        console.log(took[7]);
    }
}

setTimeout(measure, 1);
