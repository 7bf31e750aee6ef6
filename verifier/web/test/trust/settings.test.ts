/** What a stored choice of the check-in code counts as: verifier/trust/store.py has it for Python. */

import {expect, test} from "vitest";
import {
  type CheckInSetting,
  FORMAT,
  isSetting,
  isTrustRecord,
  settingIn,
} from "../../src/trust/settings.ts";

const RECORD = {
  format: FORMAT,
  url: null,
  policy: null,
  state: {anchor: "anchor", digest: "digest"},
  data: new Uint8Array(1),
  warnings: [],
};

test.each([
  [
    {mode: "strict", name: "Кафе"},
    {mode: "strict", name: "Кафе"},
  ],
  [
    {mode: "strict", name: "ә".repeat(31)},
    {mode: "strict", name: ""},
  ],
  [
    {mode: "shown", name: "turned \u202eround"},
    {mode: "shown", name: ""},
  ],
  [undefined, {mode: "off", name: ""}],
] as [CheckInSetting | undefined, CheckInSetting][])(
  "of a stored %j comes %j",
  (stored, wanted) => {
    expect(isTrustRecord({...RECORD, checkIn: stored})).toBe(true);
    expect(settingIn(stored)).toEqual(wanted);
  },
);

test("a record of before there were check-in codes has no such choice, and is whole", () => {
  expect(isTrustRecord(RECORD)).toBe(true);
});

test.each([
  {mode: "open", name: "Кафе"},
  {mode: "strict"},
  {mode: "strict", name: 1},
  {name: "Кафе"},
  {},
  [],
  "strict",
  null,
  true,
])("a record that holds %j for it is damaged", (checkIn) => {
  expect(isSetting(checkIn)).toBe(false);
  expect(isTrustRecord({...RECORD, checkIn})).toBe(false);
});
