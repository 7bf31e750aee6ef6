/** The thread that has the venue's private keys. It is started where a code is shown or traced. */

import {DeviceFailed} from "../faults.ts";
import {hourKeys} from "../presence/bindings.ts";
import {type MadeCode, makeCheckIn} from "../presence/check-in.ts";
import {livingSeeds} from "../presence/seeds.ts";
import type {CheckInCode} from "../schemas/check-in.ts";
import {type Bytes, InvalidText} from "../schemas/encoding.ts";
import {type Recipient, sealTrace} from "../schemas/trace.ts";
import {answerWith} from "./thread.ts";

/** `now` is the page's time. */
export type Question = {readonly now: number} & Task;

export type Task =
  | {readonly kind: "code"; readonly code: Pick<CheckInCode, "name" | "grid">}
  | {readonly kind: "trace"; readonly hours: readonly number[]; readonly recipient: Recipient};

answerWith(async (question: Question): Promise<MadeCode | Bytes | null> => {
  const {kind, now} = question;
  return kind === "code"
    ? makeCheckIn(question.code, now)
    : sealExport(question.hours, question.recipient, now);
});

/** The file for the authority; null where no seed of these hours is left. Throws DeviceFailed. */
async function sealExport(
  hours: readonly number[],
  recipient: Recipient,
  now: number,
): Promise<Bytes | null> {
  const keys = await hourKeys(await livingSeeds(now), hours);
  try {
    return keys.size > 0 ? await sealTrace(keys, recipient) : null;
  } catch (error) {
    if (error instanceof InvalidText) throw new DeviceFailed({kind: "no_authority_key"});
    throw error;
  }
}
