/** What a comment says of docs/formats.md can be found there. */

import {readdirSync, readFileSync} from "node:fs";
import {expect, test} from "vitest";

const SRC = new URL("../src/", import.meta.url);
const FORMATS = new URL("../../../docs/formats.md", import.meta.url);
const headings = readFileSync(FORMATS, "utf-8").match(/^#+ .*$/gm) ?? [];
const titles = new Set(headings.map((heading) => heading.replace(/^#+ (\d+\. )?/, "")));

const named = readdirSync(SRC, {recursive: true, encoding: "utf-8"})
  .filter((file) => file.endsWith(".ts"))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, SRC), "utf-8").replace(/\s*\n \* /g, " ");
    const places = text.matchAll(/docs\/formats\.md, ("[^"]+"(?: and "[^"]+")*)/g);
    return [...places].flatMap(([, titles = ""]) => {
      return [...titles.matchAll(/"([^"]+)"/g)].map(([, title = ""]) => [file, title] as const);
    });
  });

test("comments name headings", () => {
  expect(named.length).toBeGreaterThan(10);
});

test.each(named)("%s names a heading: %s", (_, title) => {
  expect([...titles]).toContain(title);
});
