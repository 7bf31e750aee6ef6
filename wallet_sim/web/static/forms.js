// A form that is on its way is not sent twice; one that comes back from the history works again.
"use strict";

addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
});

// Pages are never kept, so one that was kept all the same is loaded anew.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
