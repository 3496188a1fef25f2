// Only a comfort: the overview loads itself again every few seconds, while somebody looks at it. Everything works without.
"use strict";
(() => {
  const period = 5000;
  const main = document.querySelector("main[data-live]");
  if (!main) {
    return;
  }

  const state = document.querySelector(".live-state");
  const load = async () => {
    if (document.hidden || main.contains(document.activeElement) && document.activeElement !== main) {
      return; // nothing moves under a reader's hands
    }

    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (!answer.ok) {
        throw new Error(answer.statusText);
      }

      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      main.replaceChildren(...page.querySelector("main").childNodes);
      state.textContent = page.querySelector(".live-state").firstChild.textContent;
      state.classList.remove("stale");
    } catch {
      state.classList.add("stale");
      state.textContent = "The gateway does not answer; these figures are old.";
    }
  };

  setInterval(load, period);
})();
