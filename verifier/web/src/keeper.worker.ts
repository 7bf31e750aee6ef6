/** The thread that keeps what this device trusts. */

import {answerWith} from "./asking.ts";
import type {CheckInSetting} from "./check-in-setting.ts";
import {clockFrom} from "./clock.ts";
import {Keeper, type Refreshed, type Venue, type Wanted} from "./keeper.ts";
import type {Bytes} from "./schemas/encoding.ts";

/** `now` is the page's time. */
export type Question = {readonly now: number} & Task;

export type Task =
  | {readonly kind: "open" | "refresh" | "forget" | "purge"}
  | {readonly kind: "set_up"; readonly wanted: Wanted; readonly data: Bytes | null}
  | {readonly kind: "choose"; readonly policy: string}
  | {readonly kind: "show_code"; readonly checkIn: CheckInSetting}
  | {readonly kind: "load"; readonly data: Bytes};

const keeper = new Keeper();

answerWith((question: Question): Promise<Venue | Refreshed | string[] | null> => {
  const clock = clockFrom(question.now);
  switch (question.kind) {
    case "open":
      return keeper.open();
    case "refresh":
      return keeper.refresh(clock);
    case "forget":
      return keeper.forget();
    case "set_up":
      return keeper.setUp(question.wanted, question.data, clock);
    case "choose":
      return keeper.choose(question.policy);
    case "show_code":
      return keeper.showCode(question.checkIn);
    case "purge":
      return keeper.purge(question.now);
    case "load":
      return keeper.load(question.data, clock);
  }
});
