/** Issuer addresses: an origin without a path, `http` for this machine only. */

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The origin in its one form; null for anything else. */
export function parseOrigin(text: string): string | null {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  const isBare = url.pathname === "/" && !url.search && !url.hash && !url.username && !url.password;
  const isAllowed = url.protocol === "https:" || LOOPBACK.test(url.hostname);
  return isBare && isAllowed ? url.origin : null;
}
