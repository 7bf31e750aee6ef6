// What a page cannot do by itself: the print button of a slip, and a file put into a text field.
document.getElementById("print")?.addEventListener("click", () => window.print());

for (const chooser of document.querySelectorAll("input[data-fills]")) {
  chooser.closest("label").hidden = false;
  chooser.addEventListener("change", async () => {
    const [file] = chooser.files;
    if (file) document.getElementById(chooser.dataset.fills).value = await file.text();
  });
}
