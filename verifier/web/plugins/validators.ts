import {readFileSync} from "node:fs";
import {Ajv2020} from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import type {Plugin} from "vite";

const MODULES = "virtual:validators/";

/**
 * Turns the JSON Schemas that Python reads into checking functions when the page is built, because
 * the page's security policy forbids to make code while it runs: one module for each schema, so
 * that a thread carries only those it needs.
 */
export function validators(): Plugin {
  return {
    name: "qupia-validators",
    resolveId: (id) => (id.startsWith(MODULES) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${MODULES}`)) return undefined;
      const file = `${id.slice(MODULES.length + 1)}.schema.json`;
      const path = new URL(`../../../schemas/${file}`, import.meta.url);
      this.addWatchFile(path.pathname);
      const ajv = new Ajv2020({
        code: {source: true, esm: true},
        strictRequired: false, // "not: {required: [d]}" forbids a member without describing it.
        allowUnionTypes: true, // A hint is a text or null.
      });
      const check = ajv.compile(JSON.parse(readFileSync(path, "utf-8")));
      // The thread that only decides leaves the checking functions of bundles out.
      return {code: standaloneCode(ajv, check), moduleSideEffects: false};
    },
  };
}
