// The unmodified twilio SDK 6.2 for Node.js and a number's whole life: URL, sid and token as arguments, JSON as output.
// api.twilio.com is led to the server by the preload; the other host's resources by the SDK's own setting.
"use strict";

const twilio = require("twilio");

const { play, refusal, shown } = require("./twilio_node_support.js");

const HOOK = "http://127.0.0.1:9/voice";
const COUNT = 45;
const PAGE = 15;

async function buying(client) {
  const found = await client.availablePhoneNumbers("US").local.list({ areaCode: 415, limit: 3 });
  const bought = await client.incomingPhoneNumbers.create({ phoneNumber: found[0].phoneNumber, voiceUrl: HOOK });
  const byArea = await client.incomingPhoneNumbers.create({ areaCode: "415" });
  return {
    found: found.map(shown),
    bought: shown(bought),
    dates: [bought.dateCreated instanceof Date, bought.dateUpdated instanceof Date],
    byArea: shown(byArea),
    tollFree: (await client.availablePhoneNumbers("US").tollFree.list()).map((n) => n.phoneNumber),
    neither: await refusal(client.incomingPhoneNumbers.create({ friendlyName: "x" })),
    noStock: await refusal(client.incomingPhoneNumbers.create({ areaCode: "907" })),
    bad: await refusal(client.incomingPhoneNumbers.create({ phoneNumber: "hello" })),
  };
}

async function configuring(client, sid) {
  const number = client.incomingPhoneNumbers(sid);
  const changed = await number.update({ friendlyName: "Desk é & +", voiceMethod: "GET", statusCallback: HOOK });
  const found = await client.incomingPhoneNumbers.list({ friendlyName: "Desk é & +" });
  return {
    changed: shown(changed),
    fetched: shown(await number.fetch()),
    found: found.map((n) => n.sid),
    cleared: shown(await number.update({ voiceUrl: "", friendlyName: "" })),
    url: await refusal(number.update({ voiceUrl: "not-a-url" })),
    absent: await refusal(client.incomingPhoneNumbers("PN" + "0".repeat(32)).fetch()),
    pageSize: await refusal(client.incomingPhoneNumbers.page({ pageSize: 1001 })),
  };
}

async function pointing(client, url, sid) {
  client.trunking.baseUrl = url;
  const app = await client.applications.create({ friendlyName: "Answers", voiceUrl: HOOK });
  const number = client.incomingPhoneNumbers(sid);
  const first = await number.update({ voiceApplicationSid: app.sid });
  const trunk = await client.trunking.v1.trunks.create({ friendlyName: "PBX" });
  const second = await number.update({ trunkSid: trunk.sid });
  return {
    first: [first.voiceApplicationSid === app.sid, first.trunkSid],
    second: [second.voiceApplicationSid, second.trunkSid === trunk.sid],
    trunks: (await client.trunking.v1.trunks.list()).map((t) => t.sid === trunk.sid),
    held: (await client.trunking.v1.trunks(trunk.sid).phoneNumbers.list()).map((n) => n.sid === sid),
    trunk: shown(trunk),
  };
}

async function moving(client, sid) {
  const sub = await client.api.v2010.accounts.create({ friendlyName: "Branch" });
  const moved = await client.incomingPhoneNumbers(sid).update({ accountSid: sub.sid });
  const branch = twilio(sub.sid, sub.authToken);
  return {
    moved: [moved.sid === sid, moved.accountSid === sub.sid],
    gone: await refusal(client.incomingPhoneNumbers(sid).fetch()),
    below: (await branch.incomingPhoneNumbers.list()).map((n) => n.sid === sid),
    released: await branch.incomingPhoneNumbers(sid).remove(),
    again: await refusal(branch.incomingPhoneNumbers(sid).remove()),
  };
}

async function keys(client, accountSid) {
  const made = await client.newKeys.create({ friendlyName: "CI" });
  const holder = twilio(made.sid, made.secret, { accountSid: accountSid });
  const asks = (await holder.incomingPhoneNumbers.list({ limit: 1 })).length;
  const listed = (await client.keys.list()).map((key) => key.friendlyName);
  const deleted = await client.keys(made.sid).remove();
  return { asks: asks, listed: listed, deleted: deleted, after: await refusal(holder.keys.list()) };
}

// The SDK's own iterator, while numbers are added within each page.
async function walking(client) {
  for (let i = 0; i < COUNT; i++) {
    await client.incomingPhoneNumbers.create({ phoneNumber: "+1310555" + String(1000 + i) });
  }
  const seen = [];
  for await (const number of stream(client)) {
    seen.push(number.phoneNumber);
    if (seen.length % PAGE === 5) {
      await client.incomingPhoneNumbers.create({ phoneNumber: "+1310555" + String(2000 + seen.length) });
    }
  }
  return seen;
}

async function* stream(client) {
  const filter = { phoneNumber: "+1310555", pageSize: PAGE };
  for (let page = await client.incomingPhoneNumbers.page(filter); page; page = await page.nextPage()) {
    yield* page.instances;
  }
}

// The SDK's `each`: all pages without a thought of them.
async function counting(client) {
  let count = 0;
  await new Promise((resolve, reject) => {
    const done = (error) => (error ? reject(error) : resolve());
    client.incomingPhoneNumbers.each({ phoneNumber: "+13105551", pageSize: PAGE, done: done }, () => count++);
  });
  return count;
}

async function main(url, sid, token) {
  const client = twilio(sid, token);
  const played = { buying: await buying(client) };
  const number = played.buying.bought.sid;
  played.configuring = await configuring(client, number);
  played.pointing = await pointing(client, url, number);
  played.keys = await keys(client, sid);
  played.moving = await moving(client, number);
  played.walked = await walking(client);
  played.counted = await counting(client);
  const stranger = twilio(sid, "0".repeat(32));
  played.stranger = [
    await refusal(stranger.incomingPhoneNumbers(number).fetch()),
    await refusal(stranger.incomingPhoneNumbers.list()),
  ];
  return played;
}

play(main);
