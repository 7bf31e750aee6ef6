"""What a browser keeps of the venue's page, and how that is lost or damaged."""

from tests.support.browser import wait_until
from tests.support.door import Door

_IS_KEPT = """
navigator.serviceWorker.getRegistration().then((found) => found?.active?.state === "activated")
"""


def wait_until_kept(door: Door) -> None:
    """The browser has the whole page, and asks nobody for it any more."""
    wait_until(door.page, lambda: door.page.evaluate(_IS_KEPT) is True, "a page that is kept")


def reload_offline(door: Door) -> None:
    """Chromium forgets to tell a page that is loaded anew what its tests say about the network."""
    door.page.reload()
    door.page.context.set_offline(False)
    door.page.context.set_offline(True)


NO_STORAGE = """
IDBFactory.prototype.open = () => { throw new DOMException("no storage", "SecurityError"); };
"""
FULL_STORAGE = """
const {put} = IDBObjectStore.prototype;
let isFull = false;
new BroadcastChannel("test storage").onmessage = ({data}) => { isFull = data; };
IDBObjectStore.prototype.put = function (...given) {
  if (isFull) throw new DOMException("full", "QuotaExceededError");
  return put.apply(this, given);
};
"""


def fill_storage(door: Door, is_full: bool) -> None:
    """In a browser whose page has :data:`FULL_STORAGE` before its trust store."""
    tell = "(isFull) => new BroadcastChannel('test storage').postMessage(isFull)"
    door.page.evaluate(tell, is_full)


_WITH_RECORDS = """
async (work) => {
  const database = await new Promise((done, failed) => {
    const request = indexedDB.open("qupia");
    request.onupgradeneeded = () => request.result.createObjectStore("records");
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const records = database.transaction("records", "readwrite").objectStore("records");
  const ended = (request) => new Promise((done) => {
    request.onsuccess = () => done(request.result);
  });
  try {
    %s
  } finally {
    database.close();
  }
}
"""


def change_record(door: Door, change: str) -> None:
    """As if the browser's storage had been damaged."""
    door.page.evaluate(
        _WITH_RECORDS
        % f"""
        const record = await ended(records.get("venue"));
        {change};
        await ended(records.put(record, "venue"));
        """
    )


def stored(door: Door) -> list[str]:
    """The names of the records that the browser holds for the page, without device settings."""
    names: list[str] = door.page.evaluate(_WITH_RECORDS % "return ended(records.getAllKeys());")
    return [name for name in names if name != "device"]
