// The unmodified plivo SDK 4.79 for Node.js on what numbers refer to: auth_id, auth_token, a number to buy.
"use strict";

const fs = require("fs");
const os = require("os");
const path = require("path");
const plivo = require("plivo");

const { play, refusal, shown } = require("./plivo_node_support.js");

async function account(client) {
  const before = await client.accounts.get();
  const changed = await client.accounts.update({ city: "Oslo" });
  return { before: shown(before), changed: changed.message, after: (await client.accounts.get()).city };
}

async function subaccounts(client) {
  const made = await client.subaccounts.create("Wayne", true);
  const got = await client.subaccounts.get(made.authId);
  const changed = await client.subaccounts.update(made.authId, "Kent", true);
  const listed = await client.subaccounts.list();
  const own = new plivo.Client(made.authId, made.authToken);
  const app = await own.applications.create("Own", { answerUrl: "http://127.0.0.1:9/answer" });
  const foreign = await refusal(own.subaccounts.get(made.authId));
  const below = await refusal(own.subaccounts.create("Below", true));
  const deleted = await client.subaccounts.delete(made.authId, true);
  return {
    made: made.message,
    got: shown(got),
    changed: changed.message,
    listed: listed.map((s) => s.name),
    foreign: foreign,
    below: below,
    deleted: deleted,
    gone: [await refusal(client.subaccounts.get(made.authId)), await refusal(client.applications.get(app.appId))],
  };
}

async function endpoints(client) {
  const app = await client.applications.create("Phones", { answerUrl: "http://127.0.0.1:9/answer" });
  const made = await client.endpoints.create("zumba", "secret-42", "Zumba", app.appId);
  const got = await client.endpoints.get(made.endpointId);
  const changed = await client.endpoints.update(made.endpointId, { alias: "Samba" });
  const listed = await client.endpoints.list();
  const deleted = await client.endpoints.delete(made.endpointId);
  return {
    made: [made.message, made.username, made.alias],
    got: shown(got),
    changed: changed.message,
    listed: listed.map((e) => e.alias),
    deleted: deleted,
    gone: await refusal(client.endpoints.get(made.endpointId)),
    bad: await refusal(client.endpoints.create("1zumba", "secret-42", "x")),
  };
}

async function stock(client, number) {
  const found = await client.numbers.search("US", { type: "local", services: "voice", limit: 2 });
  const bought = await client.numbers.buy(number);
  const got = await client.numbers.get(number);
  const again = await refusal(client.numbers.buy(number));
  return { found: found.map((n) => n.number), bought: bought, region: got.region, rate: got.monthlyRentalRate, again };
}

async function regulated(client, number) {
  const unknown = await refusal(client.campaign.linkNumber("CNONE", [number]));
  const named = await client.numbers.update(number, { cnamLookup: "enabled" });
  const looked = await client.numbers.list({ cnamLookup: "enabled" });
  const profile = await client.profile.create("Main", "", "DIRECT", "PRIVATE", "Example Ltd", "", "TECHNOLOGY");
  return {
    unknown: unknown,
    named: named.message,
    looked: looked.map((n) => n.number),
    profile: profile.profileUuid,
  };
}

async function compliance(client) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "papers-"));
  const paper = path.join(folder, "paper.pdf");
  fs.writeFileSync(paper, "%PDF-1.4");
  const data = {
    alias: "Node",
    country_iso: "US",
    number_type: "local",
    end_user: { type: "business", name: "Example Ltd" },
    documents: [{}],
  };
  try {
    const made = await client.phoneNumberCompliance.create({ data: data, documents: [{ file: paper }] });
    const id = made.complianceId || made.compliance.compliance_id;
    const got = await client.phoneNumberCompliance.get(id, { expand: "documents" });
    const link = await client.phoneNumberComplianceLink.link({
      numbers: [{ number: "12125550000", compliance_application_id: id }],
    });
    return { made: made.message, got: got, link: link };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

play(async (authId, authToken, number) => {
  const client = new plivo.Client(authId, authToken);
  return {
    account: await account(client),
    subaccounts: await subaccounts(client),
    endpoints: await endpoints(client),
    stock: await stock(client, number),
    regulated: await regulated(client, number),
    compliance: await compliance(client),
  };
});
