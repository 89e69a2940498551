// The unmodified plivo SDK 4.79 for Node.js: auth_id, auth_token and carrier_id as arguments, JSON on standard output.
"use strict";

const plivo = require("plivo");

const { play, refusal, shown } = require("./plivo_node_support.js");

const COUNT = 45;
const FIRST = 14165550000;
const WALKED = "12125550";

async function applications(client) {
  const made = await client.applications.create("Node", { answerUrl: "http://127.0.0.1:9/answer" });
  const got = await client.applications.get(made.appId);
  const changed = await client.applications.update(made.appId, { answerUrl: "http://127.0.0.1:9/changed" });
  const after = await client.applications.get(made.appId);
  const listed = await client.applications.list({ app_name: "Node" });
  const other = await client.applications.create("Gone", { answerUrl: "http://127.0.0.1:9/answer" });
  const deleted = await client.applications.delete(other.appId);
  return {
    made: made.message,
    got: shown(got),
    changed: changed.message,
    after: after.answerUrl,
    listed: listed.map((a) => a.appId === made.appId),
    deleted: deleted,
    gone: await refusal(client.applications.get(other.appId)),
    bad: await refusal(client.applications.create("with space", { answerUrl: "http://127.0.0.1:9/" })),
    app: made.appId,
  };
}

async function numbers(client, carrier, app) {
  const wanted = Array.from({ length: COUNT }, (_, i) => String(FIRST + i));
  const added = await client.numbers.addOwnNumber(wanted.join(","), carrier, "Toronto, CANADA");
  const first = await client.numbers.get(wanted[0]);
  const linked = await client.numbers.update(wanted[0], { appId: app, alias: "Main Line" });
  const after = await client.numbers.get("+" + wanted[0]);
  await client.numbers.update(wanted[0], { appId: null });
  const unlinked = await client.numbers.get(wanted[0]);
  const found = await client.numbers.list({ alias: "Main Line", number_startswith: "1416" });
  const walked = await walk(client, carrier);
  const unrented = await client.numbers.unrent(wanted[1]);
  return {
    added: added.message,
    first: shown(first),
    linked: linked.message,
    after: shown(after),
    unlinked: unlinked.application,
    found: found.map((n) => n.number),
    walked: walked,
    unrented: unrented,
    gone: await refusal(client.numbers.get(wanted[1])),
    again: await refusal(client.numbers.addOwnNumber(wanted[0], carrier, "Toronto, CANADA")),
    bad: await refusal(client.numbers.list({ limit: 0 })),
  };
}

// The SDK has no iterator: its users step the offset. Numbers are added meanwhile.
async function walk(client, carrier) {
  const seen = [];
  for (let offset = 0; ; offset += 20) {
    const page = await client.numbers.list({ limit: 20, offset: offset });
    seen.push(...page.map((n) => n.number));
    if (page.meta.next === null) return { seen: seen, total: page.meta.totalCount };
    await client.numbers.addOwnNumber(WALKED + String(100 + offset), carrier, "New York, UNITED STATES");
  }
}

async function main(authId, authToken, carrier) {
  const client = new plivo.Client(authId, authToken);
  const played = { applications: await applications(client) };
  played.numbers = await numbers(client, carrier, played.applications.app);
  const stranger = new plivo.Client(authId, "0".repeat(32));
  played.stranger = [await refusal(stranger.numbers.get("1")), await refusal(stranger.numbers.list())];
  return played;
}

play(main);
