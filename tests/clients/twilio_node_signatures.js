// twilio's own validation for Node.js on signed requests: a JSON file of them as argument, its verdicts as output.
"use strict";

const fs = require("fs");
const twilio = require("twilio");
const { getExpectedTwilioSignature } = require("twilio/lib/webhooks/webhooks");

const { play } = require("./twilio_node_support.js");

async function main(file) {
  return JSON.parse(fs.readFileSync(file, "utf-8")).map(({ token, url, params, signature }) => {
    const check = (told, where) => twilio.validateRequest(told, signature, where, params);
    return {
      valid: check(token, url),
      computed: getExpectedTwilioSignature(token, url, params),
      other_url: check(token, url + "x"),
      other_token: check(token + "0", url),
    };
  });
}

play(main);
