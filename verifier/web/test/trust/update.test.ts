/** The leaf hashes of a whole log, from a host that may have tiles of another width by now. */

import {afterEach, expect, test, vi} from "vitest";
import {fetchLeaves} from "../../src/trust/update.ts";
import {Log} from "../log.ts";

const ORIGIN = "qupia.example/.well-known/qupia/log/2";
const PREFIX = "https://mirror.example/.well-known/qupia/log/2/tile/0/";
const leaves = new Log(ORIGIN).fill(600).leaves;
const tile = (from: number, to: number) => Buffer.concat(leaves.slice(from, to));

/** What a host answers by the path of a tile; 404 to all else. */
function serve(tiles: Readonly<Record<string, Uint8Array>>): string[] {
  const asked: string[] = [];
  vi.stubGlobal("fetch", async (url: string) => {
    asked.push(url.replace(PREFIX, ""));
    const body = tiles[url.replace(PREFIX, "")];
    return body ? new Response(Uint8Array.from(body)) : new Response("", {status: 404});
  });
  return asked;
}

afterEach(() => {
  vi.unstubAllGlobals();
});

const fetched = (size: bigint) => fetchLeaves("https://mirror.example", {origin: ORIGIN, size});

test("whole tiles and the last partial one are put together", async () => {
  serve({"000": tile(0, 256), "001": tile(256, 512), "002.p/88": tile(512, 600)});
  expect(await fetched(600n)).toEqual(leaves);
});

test("a whole tile stands in for a partial one that is gone", async () => {
  const asked = serve({"000": tile(0, 256), "001": tile(256, 512)});
  expect(await fetched(300n)).toEqual(leaves.slice(0, 300));
  expect(asked).toEqual(["000", "001.p/44", "001"]);
});

test.each([
  ["is missing", {"000": tile(0, 256)}],
  ["is too short", {"000": tile(0, 256), "001.p/44": tile(256, 299)}],
])("there are none where a tile %s", async (_, tiles) => {
  serve(tiles);
  expect(await fetched(300n)).toBeNull();
});

test("there are none where the host is not reached", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError()));
  expect(await fetched(1n)).toBeNull();
});

test("nothing is asked for a log that no issuer has", async () => {
  const asked = serve({});
  expect(await fetched(2n ** 40n)).toBeNull();
  expect(asked).toEqual([]);
});
