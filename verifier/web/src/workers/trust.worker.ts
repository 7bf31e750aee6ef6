/** The thread that has the trust store, and destroys seeds whose time is over. */

import {clockFrom} from "../browser/clock.ts";
import {destroySeeds, sweep} from "../presence/seeds.ts";
import type {Bytes} from "../schemas/encoding.ts";
import type {CheckInSetting} from "../trust/settings.ts";
import {type Device, type SetupRequest, TrustStore, type Updated} from "../trust/store.ts";
import {answerWith} from "./thread.ts";

/** `now` is the page's time. */
export type Question = {readonly now: number} & Task;

export type Task = Change | {readonly kind: "open" | "update" | "remove" | "sweep"};

/** What changes the set-up; the answer is the device as it is then. */
export type Change =
  | {readonly kind: "set_up"; readonly request: SetupRequest; readonly data: Bytes | null}
  | {readonly kind: "choose_policy"; readonly policy: string}
  | {readonly kind: "choose_check_in"; readonly checkIn: CheckInSetting}
  | {readonly kind: "accept"; readonly data: Bytes}
  | {readonly kind: "forget_warnings"};

const store = new TrustStore();

answerWith((question: Question): Promise<Device | Updated | string[] | null> => {
  const clock = clockFrom(question.now);
  switch (question.kind) {
    case "open":
      return store.open();
    case "update":
      return store.update(clock);
    case "remove":
      return store.remove(destroySeeds);
    case "set_up":
      return store.setUp(question.request, question.data, clock);
    case "choose_policy":
      return store.choosePolicy(question.policy);
    case "choose_check_in":
      return store.chooseCheckIn(question.checkIn);
    case "sweep":
      return sweep(store, question.now);
    case "forget_warnings":
      return store.forgetWarnings();
    case "accept":
      return store.accept(question.data, clock);
  }
});
