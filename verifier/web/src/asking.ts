/** Questions to a worker, each with one answer. */

import {type Trouble, Troubled} from "./trouble.ts";

interface Asked<Question> {
  readonly question: Question;
  readonly port: MessagePort;
}

type Told<Answer> = {readonly answer: Answer} | {readonly trouble: Trouble};

/** Ask; `moved` is handed over instead of copied. Rejects with Troubled. */
export function ask<Question, Answer>(
  worker: Worker,
  question: Question,
  moved: Transferable[] = [],
): Promise<Answer> {
  const {port1, port2} = new MessageChannel();
  return new Promise((resolve, reject) => {
    port1.onmessage = ({data}: MessageEvent<Told<Answer>>) => {
      port1.close();
      if ("answer" in data) resolve(data.answer);
      else reject(new Troubled(data.trouble));
    };
    worker.postMessage({question, port: port2}, [port2, ...moved]);
  });
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
    return {trouble: error instanceof Troubled ? error.trouble : {kind: "failed"}};
  }
}
