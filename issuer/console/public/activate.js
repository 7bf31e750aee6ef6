// Shows the code that stands behind # in the address. It stays on this device: what follows # is
// never sent, and this page asks nobody for anything.
const CODE = /^#([0-9A-Za-z]{4}(?:-[0-9A-Za-z]{4}){3})\.[\w-]{43}$/;
const found = CODE.exec(location.hash);
if (found) {
  document.getElementById("code").textContent = found[1];
  document.getElementById("with-code").hidden = false;
}

// A change of language is another page; the code goes along behind #, which is not sent either.
for (const link of document.querySelectorAll("a[hreflang]")) link.hash = location.hash;
