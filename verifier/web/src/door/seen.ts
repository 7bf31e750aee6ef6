/** Passes admitted here in the last three minutes, in memory only: step 8 of the decision. */

const MEMORY_SECONDS = 180;

/**
 * The fingerprint of each admitted pass, with the second in which it was admitted.
 *
 * If the clock is set back, an entry counts for three minutes in the other direction, so that a
 * small correction does not let a pass in twice and a large one keeps nothing for longer.
 */
export class SeenSet {
  readonly #admitted = new Map<string, number>();

  get size(): number {
    return this.#admitted.size;
  }

  /** How long ago the pass was admitted here, 0 to 179; null when it was not. */
  secondsSince(fingerprint: string, now: number): number | null {
    this.prune(now);
    const admitted = this.#admitted.get(fingerprint);
    if (admitted === undefined || !isRemembered(admitted, now)) return null;
    return Math.max(0, now - admitted);
  }

  /** Remember an admitted pass. */
  add(fingerprint: string, now: number): void {
    this.#admitted.delete(fingerprint);
    this.#admitted.set(fingerprint, now);
  }

  /** Forget what is too old; the entries stand in the order in which they were added. */
  prune(now: number): void {
    for (const [fingerprint, admitted] of this.#admitted) {
      if (isRemembered(admitted, now)) return;
      this.#admitted.delete(fingerprint);
    }
  }
}

function isRemembered(admitted: number, now: number): boolean {
  return Math.abs(now - admitted) < MEMORY_SECONDS;
}
