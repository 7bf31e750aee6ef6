/** Questions to another thread, each with one answer. */

import {DeviceFailed, type DeviceFault} from "../faults.ts";

interface Asked<Question> {
  readonly question: Question;
  readonly port: MessagePort;
}

type Told<Answer> = {readonly answer: Answer} | {readonly fault: DeviceFault};

/** A worker that answers; see {@link answerWith}. */
export class Thread<Question> {
  readonly #worker: Worker;
  readonly #waiting = new Set<() => void>();
  #isBroken = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    // Also when the worker's script does not arrive at all.
    worker.addEventListener("error", () => {
      this.#isBroken = true;
      for (const fail of this.#waiting) fail();
    });
  }

  /** Stop the worker; what it was asked fails. */
  end(): void {
    this.#isBroken = true;
    this.#worker.terminate();
    for (const fail of this.#waiting) fail();
  }

  /** Ask; `moved` is handed over instead of copied. Rejects with DeviceFailed. */
  ask<Answer>(question: Question, moved: Transferable[] = []): Promise<Answer> {
    const {port1, port2} = new MessageChannel();
    return new Promise((resolve, reject) => {
      const fail = (): void => reject(new DeviceFailed({kind: "failed"}));
      if (this.#isBroken) return fail();
      this.#waiting.add(fail);
      port1.onmessage = ({data}: MessageEvent<Told<Answer>>) => {
        port1.close();
        this.#waiting.delete(fail);
        if ("answer" in data) resolve(data.answer);
        else reject(new DeviceFailed(data.fault));
      };
      this.#worker.postMessage({question, port: port2}, [port2, ...moved]);
    });
  }
}

/** In a worker: answer every question. What was not foreseen is told without its text. */
export function answerWith<Question, Answer>(reply: (question: Question) => Promise<Answer>): void {
  self.onmessage = async ({data}: MessageEvent<Asked<Question>>) => {
    data.port.postMessage(await told(reply(data.question)));
  };
}

async function told<Answer>(answer: Promise<Answer>): Promise<Told<Answer>> {
  try {
    return {answer: await answer};
  } catch (error) {
    return {fault: error instanceof DeviceFailed ? error.fault : {kind: "failed"}};
  }
}
