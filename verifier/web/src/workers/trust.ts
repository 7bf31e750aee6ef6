/** The trust store as the page knows it: asked of the thread that has it. */

import {now} from "../browser/clock.ts";
import type {Bytes} from "../schemas/encoding.ts";
import type {CheckInSetting} from "../trust/settings.ts";
import type {Device, SetupRequest, Updated} from "../trust/store.ts";
import {Thread} from "./thread.ts";
import type {Question, Task} from "./trust.worker.ts";

export class TrustThread {
  readonly #thread = new Thread<Question>(
    new Worker(new URL("./trust.worker.ts", import.meta.url), {type: "module"}),
  );

  open(): Promise<Device | null> {
    return this.#ask({kind: "open"});
  }

  setUp(request: SetupRequest, data: Bytes | null): Promise<Device> {
    return this.#ask({kind: "set_up", request, data});
  }

  choosePolicy(policy: string): Promise<Device> {
    return this.#ask({kind: "choose_policy", policy});
  }

  chooseCheckIn(checkIn: CheckInSetting): Promise<Device> {
    return this.#ask({kind: "choose_check_in", checkIn});
  }

  /** Destroy the seeds whose time is over; the dates of which hours can be traced still. */
  sweep(): Promise<string[]> {
    return this.#ask({kind: "sweep"});
  }

  accept(data: Bytes): Promise<Device> {
    return this.#ask({kind: "accept", data});
  }

  update(): Promise<Updated> {
    return this.#ask({kind: "update"});
  }

  remove(): Promise<null> {
    return this.#ask({kind: "remove"});
  }

  #ask<Answer>(task: Task): Promise<Answer> {
    return this.#thread.ask({...task, now: now()});
  }
}
