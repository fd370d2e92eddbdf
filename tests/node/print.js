'use strict';

// One event is one line: {NAME: VALUE}.
function print(name, value) {
  process.stdout.write(`${JSON.stringify({[name]: value})}\n`);
}

module.exports = {print};
