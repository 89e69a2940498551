// Sends TLS connections for REDIRECT_HOST to REDIRECT_PORT on loopback; name and certificate are checked as ever.
"use strict";

const tls = require("tls");

const connect = tls.connect;
tls.connect = function (...args) {
  if (args[0] && args[0].host === process.env.REDIRECT_HOST) {
    const there = { host: "127.0.0.1", port: Number(process.env.REDIRECT_PORT), servername: args[0].host, path: null };
    args[0] = Object.assign({}, args[0], there);
  }
  return connect.apply(tls, args);
};
