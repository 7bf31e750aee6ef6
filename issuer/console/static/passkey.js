// A passkey is made or proven: what the page asks for goes to the browser, and its answer goes back
// in the form (WebAuthn Level 3). Bytes travel as base64url.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const known = (list = []) => list.map((one) => ({...one, id: bytes(one.id)}));

const asked = {
  create: (options) =>
    navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        user: {...options.user, id: bytes(options.user.id)},
        excludeCredentials: known(options.excludeCredentials),
      },
    }),
  get: (options) =>
    navigator.credentials.get({
      publicKey: {
        ...options,
        challenge: bytes(options.challenge),
        allowCredentials: known(options.allowCredentials),
      },
    }),
};

const PARTS = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"];

// What is sent holds no user handle, and nothing about the device.
const answerOf = ({id, rawId, type, response}) => {
  const parts = PARTS.filter((name) => response[name]);
  const members = parts.map((name) => [name, text(response[name])]);
  return JSON.stringify({id, rawId: text(rawId), type, response: Object.fromEntries(members)});
};

const hidden = (name, is) => {
  document.getElementById(`passkey-${name}`).hidden = is;
};

const form = document.getElementById("passkey");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  hidden("failed", true);
  try {
    const {options, ceremony} = form.dataset;
    form.elements.answer.value = answerOf(await asked[ceremony](JSON.parse(options)));
  } catch {
    hidden("failed", false);
    return;
  }
  form.submit();
});
if (form && !window.PublicKeyCredential) hidden("missing", false);

// The link's token stands behind #, which is not sent, and leaves the address at once. A change of
// language is another page; the token goes along.
const link = document.getElementById("passkey-link");
if (link) {
  link.elements.token.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
}
const token = (link ?? form)?.elements.token?.value;
if (token) for (const other of document.querySelectorAll("a[hreflang]")) other.hash = token;
