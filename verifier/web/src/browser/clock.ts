/** The device's clock, read in the page's own thread only; other threads are told the time. */

/** Gives Unix seconds. */
export type Clock = () => number;

/** The only reader of the clock. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}

/** A clock that goes on from the time that another thread told. */
export function clockFrom(told: number): Clock {
  const start = performance.now();
  return () => Math.floor(told + (performance.now() - start) / 1000);
}
