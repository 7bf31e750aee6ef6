/** One code's decision, ready to be told to a person. */

import type {Venue} from "./keeper.ts";
import {policyOf, type Status} from "./schemas/bundle.ts";
import {type Outcome, Refused} from "./schemas/refusals.ts";
import type {SeenSet} from "./seen.ts";
import {type Venue as Tie, type Verdict, verify} from "./verification.ts";

/** Either a verdict, with what its status is called, or a refusal. The code is not kept. */
export interface Decision {
  readonly result: Verdict | Refused;
  readonly status: Status | undefined;
}

export function outcomeOf({result}: Decision): Outcome {
  return result instanceof Refused ? result.outcome : "admit";
}

/**
 * Verify one code; `text` is null for a picture in which none can be read.
 *
 * `tie` is undefined at a door that shows no check-in code.
 */
export async function decide(
  text: string | null,
  {bundle, policy: id}: Venue,
  tie: Tie | undefined,
  now: number,
  seen: SeenSet,
): Promise<Decision> {
  try {
    if (text === null) throw new Refused("no_code");
    const policy = policyOf(bundle, id);
    const result = await verify(text, {bundle, policy, venue: tie, now, seen});
    return {result, status: bundle.statuses.find((status) => status.id === result.status)};
  } catch (refused) {
    if (!(refused instanceof Refused)) throw refused;
    return {result: refused, status: undefined};
  }
}
