/** The set-up link in the address of the page. */

import {parseSetupLink, type SetupFault, type SetupLink} from "../setup.ts";

/** The set-up in the address, which is taken out of it: it belongs into no history. */
export function takeLink(): SetupLink | SetupFault | null {
  const link = parseSetupLink(location.hash);
  if (link !== null) history.replaceState(null, "", location.pathname + location.search);
  return link;
}
