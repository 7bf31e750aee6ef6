/** Several tabs of this page in one browser: one checks visitors, all trust the same keys. */

type Message = "here" | "changed" | "forgotten";

export class Tabs {
  readonly #channel = new BroadcastChannel("qupia");

  /** `heard` is called with what another tab says. */
  constructor(heard: (message: Message) => void) {
    this.#channel.onmessage = ({data}: MessageEvent<Message>) => heard(data);
  }

  /** Tell all other tabs: visitors are checked here; the keys have changed; the set-up is gone. */
  tell(message: Message): void {
    this.#channel.postMessage(message);
  }
}
