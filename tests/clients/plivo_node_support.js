// What the scripts that play plivo's SDK for Node.js share.
"use strict";

// What a promise is refused with: the HTTP status, the text and the api_id that the SDK keeps.
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return { status: error.status, message: error.message, apiID: typeof error.apiID };
  }
  return { status: 0, message: "nothing" };
}

function shown(record) {
  return Object.fromEntries(Object.entries(record).filter(([, v]) => v === null || typeof v !== "object"));
}

// Run a script's main with its arguments; print what it returns as JSON.
function play(main) {
  main(...process.argv.slice(2))
    .then((played) => console.log(JSON.stringify(played)))
    .catch((error) => {
      console.error(error);
      process.exit(1);
    });
}

module.exports = { refusal, shown, play };
