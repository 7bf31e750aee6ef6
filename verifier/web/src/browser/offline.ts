/** Keeps this page itself on the device, so that it starts without a network. */

const UPDATE_MS = 3_600_000;

/** `onNewPage` is called with what puts a newer version in place of this one. */
export async function keepPage(onNewPage: (use: () => void) => void): Promise<void> {
  if (!("serviceWorker" in navigator) || import.meta.env.DEV) return;
  const registration = await navigator.serviceWorker.register("./sw.js").catch(() => null);
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
