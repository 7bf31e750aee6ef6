// What a page cannot do by itself: the print button of a slip.
document.getElementById("print")?.addEventListener("click", () => window.print());
