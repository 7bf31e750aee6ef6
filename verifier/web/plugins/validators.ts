import {readFileSync} from "node:fs";
import {Ajv2020} from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import type {Plugin} from "vite";

const MODULE = "virtual:validators";
const SCHEMAS = {
  trustBundle: "trust-bundle.schema.json",
  rootStatement: "root-statement.schema.json",
};

/**
 * Turns the JSON Schemas that Python reads into checking functions when the page is built, because
 * the page's security policy forbids to make code while it runs.
 */
export function validators(): Plugin {
  return {
    name: "qupia-validators",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      const ajv = new Ajv2020({
        code: {source: true, esm: true},
        strictRequired: false, // "not: {required: [d]}" forbids a member without describing it.
        allowUnionTypes: true, // A hint is a text or null.
      });
      for (const [name, file] of Object.entries(SCHEMAS)) {
        const path = new URL(`../../../schemas/${file}`, import.meta.url);
        this.addWatchFile(path.pathname);
        ajv.addSchema(JSON.parse(readFileSync(path, "utf-8")), name);
      }
      const names = Object.fromEntries(Object.keys(SCHEMAS).map((name) => [name, name]));
      // The thread that only decides leaves the checking functions out.
      return {code: standaloneCode(ajv, names), moduleSideEffects: false};
    },
  };
}
