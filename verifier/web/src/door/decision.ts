/** One code's decision, ready to be told to a person. */

import type {Status} from "../schemas/bundle.ts";
import {type Outcome, Refused} from "../schemas/refusals.ts";
import {type Door, type Verdict, verify} from "./verification.ts";

/** Either a verdict, with what its status is called, or a refusal. The code is not kept. */
export interface Decision {
  readonly result: Verdict | Refused;
  readonly status: Status | undefined;
  /** A scanner's keyboard layout has spoilt the code, so there was none to judge. */
  readonly isGarbled: boolean;
}

export function outcomeOf({result}: Decision): Outcome {
  return result instanceof Refused ? result.outcome : "admit";
}

/** Verify one code; `text` is null where none can be read. */
export async function decide(
  text: string | null,
  door: Door,
  isGarbled = false,
): Promise<Decision> {
  try {
    if (text === null || isGarbled) throw new Refused("no_code");
    const result = await verify(text, door);
    const status = door.bundle?.statuses.find(({id}) => id === result.status);
    return {result, status, isGarbled: false};
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    return {result: refused, status: undefined, isGarbled};
  }
}
