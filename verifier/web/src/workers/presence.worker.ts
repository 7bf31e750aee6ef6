/** The thread that has the venue's private keys. It is started where a code is shown or traced. */

import {DeviceFailed} from "../faults.ts";
import {type MadeCode, makeCheckIn} from "../presence/check-in.ts";
import {sealExport} from "../presence/tracing.ts";
import type {CheckInCode} from "../schemas/check-in.ts";
import {type Bytes, InvalidText} from "../schemas/encoding.ts";
import type {Recipient} from "../schemas/trace.ts";
import {answerWith} from "./thread.ts";

/** `now` is the page's time. */
export type Question = {readonly now: number} & Task;

export type Task =
  | {readonly kind: "code"; readonly code: Pick<CheckInCode, "name" | "grid">}
  | {readonly kind: "trace"; readonly hours: readonly number[]; readonly recipient: Recipient};

answerWith(async (question: Question): Promise<MadeCode | Bytes | null> => {
  if (question.kind === "code") return makeCheckIn(question.code, question.now);
  try {
    return await sealExport(question.hours, question.recipient, question.now);
  } catch (error) {
    if (error instanceof InvalidText) throw new DeviceFailed({kind: "no_authority_key"});
    throw error;
  }
});
