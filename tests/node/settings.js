'use strict';

// How this program was started: one JSON object, its only argument.
//
//   awaitTimeout, leaveAwaitId   as in ws-await
//   field    name of the id's key instead of "awaitId"
//   ids      {prefix, from}: count the ids instead of drawing them; with no
//            prefix they are JSON numbers
//   answer   see answering.js
//   perMessageDeflate   as in ws

const original = require('ws-await/lib/default-options.js');

const given = JSON.parse(process.argv[2] || '{}');
const field = given.field || 'awaitId';

// Ids that the next requests must use, whatever `ids` says.
const forced = [];

let counter = given.ids ? given.ids.from ?? 1 : 0;

function generateAwaitId() {
  if (forced.length > 0) {
    return forced.shift();
  }
  if (!given.ids) {
    return original.generateAwaitId();
  }
  const number = counter++;
  return given.ids.prefix === undefined ? number : given.ids.prefix + number;
}

// Only what was asked for replaces the original's own functions.
const options = {generateAwaitId};
for (const name of ['awaitTimeout', 'leaveAwaitId', 'perMessageDeflate']) {
  if (given[name] !== undefined) {
    options[name] = given[name];
  }
}
if (given.field !== undefined) {
  options.attachAwaitId = (data, id) => ({[field]: id, ...data});
  options.extractAwaitId = data => data && Object.hasOwn(data, field) && data[field];
  options.deleteAwaitId = data => delete data[field];
}

function withoutId(data) {
  const {[field]: id, ...rest} = data;
  return rest;
}

module.exports = {answer: given.answer, forced, options, withoutId};
