/** The only reader of the device's clock. */

/** Unix seconds. */
export function now(): number {
  return Math.floor(Date.now() / 1000);
}
