// The unmodified twilio SDK 6.2 for Node.js as its own tests against a live platform use it: a key, numbers, numbers
// to buy. URL, AccountSid, key, its secret, one of the numbers, test AccountSid, its token as arguments, JSON as output.
"use strict";

const twilio = require("twilio");

const { play, refusal, shown } = require("./twilio_node_support.js");

const GOOD = "+15005550006";
const digits = (numbers) => numbers.map((n) => n.phoneNumber);

async function listing(client, number) {
  const stock = client.availablePhoneNumbers("US");
  return {
    all: digits(await client.incomingPhoneNumbers.list()),
    limited: [
      digits(await client.incomingPhoneNumbers.list({ limit: 1 })),
      digits(await client.incomingPhoneNumbers.list({ limit: 2 })),
    ],
    exact: digits(await client.incomingPhoneNumbers.list({ phoneNumber: number })),
    toll_free: digits(await stock.tollFree.list({ limit: 2 })),
    local: digits(await stock.local.list({ limit: 1 })),
  };
}

async function testing(client) {
  const numbers = client.incomingPhoneNumbers;
  const made = await numbers.create({ phoneNumber: GOOD, friendlyName: "Desk" });
  return {
    made: shown(made),
    byArea: (await numbers.create({ areaCode: "500" })).phoneNumber,
    refused: [
      await refusal(numbers.create({ phoneNumber: "+15005550000" })),
      await refusal(numbers.create({ phoneNumber: "+15005550001" })),
      await refusal(numbers.create({ areaCode: "533" })),
    ],
    forbidden: [await refusal(numbers(made.sid).fetch()), await refusal(client.applications.create())],
  };
}

async function main(url, account, key, secret, number, testSid, testToken) {
  const client = twilio(key, secret, { accountSid: account });
  client.api.baseUrl = url;
  const tester = twilio(testSid, testToken);
  tester.api.baseUrl = url;
  return { listing: await listing(client, number), testing: await testing(tester) };
}

play(main);
