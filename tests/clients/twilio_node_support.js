// What the scripts that play twilio's SDK for Node.js share.
"use strict";

// What a promise is refused with, as the SDK tells it.
async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message, more: error.moreInfo };
  }
  return { status: 0 };
}

function shown(record) {
  return JSON.parse(JSON.stringify(record));
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
