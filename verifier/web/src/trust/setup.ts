/** The two ways to hand a venue its set-up in one piece: a QR code and a link. */

import {b64urlDecode} from "../schemas/encoding.ts";
import {isLanguage, type Language} from "../schemas/languages.ts";

export const SETUP_PREFIX = "QS1:";
const THUMBPRINT_BYTES = 32;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Where the keys come from, and the anchor to pin: for people, the root thumbprint. */
export interface Setup {
  readonly url: string;
  readonly anchor: string;
}

/** What a link may choose besides; null stands for what is there already. */
export interface SetupLink extends Setup {
  readonly policy: string | null;
  readonly language: Language | null;
}

/** Why a set-up cannot be tried: names of texts. */
export type SetupFault = "not_a_setup_code" | "bad_address" | "bad_thumbprint";

/** Whether `text` is a SHA-256 hash in base64url, as an anchor is. */
export function isThumbprint(text: string): boolean {
  try {
    return b64urlDecode(text).length === THUMBPRINT_BYTES;
  } catch {
    return false;
  }
}

/** What was typed into the form, or the fault in it. */
export function checkSetup(address: string, thumbprint: string): Setup | SetupFault {
  const [url, anchor] = [parseOrigin(address), thumbprint.trim()];
  if (url === null) return "bad_address";
  return isThumbprint(anchor) ? {url, anchor} : "bad_thumbprint";
}

/** The text of a set-up code: `QS1:` address `#` thumbprint. */
export function parseSetupCode(text: string): Setup | SetupFault {
  const [address, anchor, ...more] = text.trim().slice(SETUP_PREFIX.length).split("#");
  const isOurs = text.startsWith(SETUP_PREFIX) && anchor !== undefined && more.length === 0;
  return isOurs ? checkSetup(address ?? "", anchor) : "not_a_setup_code";
}

/** The set-up in an address's fragment; null when it holds none. */
export function parseSetupLink(fragment: string): SetupLink | SetupFault | null {
  const members = new URLSearchParams(fragment.replace(/^#/, ""));
  const address = members.get("setup");
  if (address === null) return null;
  const setup = checkSetup(address, members.get("root") ?? "");
  if (typeof setup === "string") return setup;
  const language = members.get("lang");
  return {
    ...setup,
    policy: members.get("policy"),
    language: isLanguage(language) ? language : null,
  };
}

/** An issuer's origin in its one form, `http` for this machine only; null for anything else. */
function parseOrigin(text: string): string | null {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  const isBare = url.pathname === "/" && !url.search && !url.hash && !url.username && !url.password;
  const isAllowed = url.protocol === "https:" || LOOPBACK.test(url.hostname);
  return isBare && isAllowed ? url.origin : null;
}
