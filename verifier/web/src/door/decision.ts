/** One code's decision, ready to be told to a person. */

import type {Status} from "../schemas/bundle.ts";
import {type Outcome, Refused} from "../schemas/refusals.ts";
import {type Door, type Verdict, verify} from "./verification.ts";

/** Either a verdict, with what its status is called, or a refusal. The code is not kept. */
export interface Decision {
  readonly result: Verdict | Refused;
  readonly status: Status | undefined;
}

export function outcomeOf({result}: Decision): Outcome {
  return result instanceof Refused ? result.outcome : "admit";
}

/** Verify one code; `text` is null for a picture in which none can be read. */
export async function decide(text: string | null, door: Door): Promise<Decision> {
  try {
    if (text === null) throw new Refused("no_code");
    const result = await verify(text, door);
    return {result, status: door.bundle?.statuses.find(({id}) => id === result.status)};
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    return {result: refused, status: undefined};
  }
}
