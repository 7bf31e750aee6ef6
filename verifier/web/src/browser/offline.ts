/** Keeps this page itself on the device, so that it starts without a network. */

const UPDATE_MS = 3_600_000;
const WORKER = "./sw.js";

/** `onNewPage` is called with what puts a newer version in place of this one. */
export async function keepPage(onNewPage: (use: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  const registration = await navigator.serviceWorker.register(WORKER).catch(() => null);
  if (registration === null) return;
  const offer = (): void => {
    // The first version of all has nothing to replace.
    if (registration.waiting === null || navigator.serviceWorker.controller === null) return;
    onNewPage(() => putInPlace(registration.waiting));
  };
  offer();
  registration.addEventListener("updatefound", () => {
    registration.installing?.addEventListener("statechange", offer);
  });
  setInterval(() => registration.update().catch(() => undefined), UPDATE_MS);
  const refill = (): unknown => fillAgain(registration.scope).catch(() => undefined);
  void navigator.serviceWorker.ready.then(refill);
  addEventListener("online", refill);
}

/**
 * Fill the cache of this page where it has been emptied while its service worker stayed.
 *
 * The worker fills it when it is installed, and then never again. What belongs into it is listed
 * in the worker's own script; what has no hash in its name bears one as a query.
 */
async function fillAgain(scope: string): Promise<void> {
  const cache = await caches.open(`workbox-precache-v2-${scope}`);
  if ((await cache.keys()).length > 0) return;
  await cache.add(WORKER);
  const script = await cache.match(WORKER);
  await cache.delete(WORKER);
  const files = (await script?.text())?.matchAll(/\{url:"([^"]+)",revision:(?:null|"(\w+)")\}/g);
  const paths = [...(files ?? [])].map(([, path = "", revision]) => {
    return revision === undefined ? path : `${path}?__WB_REVISION__=${revision}`;
  });
  // A file may be listed twice, which a cache does not take at once.
  await cache.addAll([...new Set(paths)]);
}

/** Start the newer version; another tab may have put it in place already. */
function putInPlace(waiting: ServiceWorker | null): void {
  if (waiting === null) {
    location.reload();
    return;
  }
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
  waiting.postMessage({type: "SKIP_WAITING"});
}
