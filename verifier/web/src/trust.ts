/** What this device trusts, as the page knows it: asked of the thread that keeps it. */

import {Thread} from "./asking.ts";
import type {CheckInSetting} from "./check-in-setting.ts";
import {now} from "./clock.ts";
import type {Refreshed, Venue, Wanted} from "./keeper.ts";
import type {Question, Task} from "./keeper.worker.ts";
import type {Bytes} from "./schemas/encoding.ts";

export class Trust {
  readonly #thread = new Thread<Question>(
    new Worker(new URL("./keeper.worker.ts", import.meta.url), {type: "module"}),
  );

  open(): Promise<Venue | null> {
    return this.#ask({kind: "open"});
  }

  setUp(wanted: Wanted, data: Bytes | null): Promise<Venue> {
    return this.#ask({kind: "set_up", wanted, data});
  }

  choose(policy: string): Promise<Venue> {
    return this.#ask({kind: "choose", policy});
  }

  showCode(checkIn: CheckInSetting): Promise<Venue> {
    return this.#ask({kind: "show_code", checkIn});
  }

  /** Destroy what has had its time; the dates of which hours can be traced still. */
  purge(): Promise<string[]> {
    return this.#ask({kind: "purge"});
  }

  load(data: Bytes): Promise<Venue> {
    return this.#ask({kind: "load", data});
  }

  refresh(): Promise<Refreshed> {
    return this.#ask({kind: "refresh"});
  }

  forget(): Promise<null> {
    return this.#ask({kind: "forget"});
  }

  #ask<Answer>(task: Task): Promise<Answer> {
    return this.#thread.ask({...task, now: now()});
  }
}
