/**
 * Asks the page's decisions for a program that is not JavaScript: one JSON request a line in, one
 * JSON answer a line out, in their order.
 *
 * {"read": {"name", "data", "root"}}  keeps the bundle (base64) under that name
 * {"scan": [case, …]}  a list of decisions for each case; its "bundle" is such a name, or null
 * {"accept": [{"root", "offers"}, …]}  a list of faults for each chain of offers
 * {"presence": {"what", "given": […]}}  what the laboratory's function of that name gives for each
 */

import {createInterface} from "node:readline";
import {accept, presence, read, scan} from "./dist/laboratory.js";

const bundles = new Map([[null, null]]);

const calls = {
  read: async ({name, data, root}) => {
    bundles.set(name, await read(data, root));
    return null;
  },
  scan: (cases) => inTurn(cases, (given) => scan(given, bundles.get(given.bundle))),
  presence: ({what, given}) => inTurn(given, async (one) => presence[what](one)),
  accept: (chains) => inTurn(chains, ({root, offers}) => accept(root, offers)),
};

for await (const line of createInterface({input: process.stdin})) {
  const [[name, given]] = Object.entries(JSON.parse(line));
  process.stdout.write(`${JSON.stringify(await calls[name](given))}\n`);
}

/** An answer for each item; where something breaks that must not, its error is the answer. */
async function inTurn(items, answer) {
  const answers = [];
  for (const item of items) {
    answers.push(await answer(item).catch((error) => ({error: String(error)})));
  }
  return answers;
}
