// All behavior of the pages. Each of them works without it.
(() => {
  const each = (selector, act) => document.querySelectorAll(selector).forEach(act);
  const openChannel = () => new BroadcastChannel("sign-in");

  // Adds a checkbox that shows the password.
  each("[data-show]", (field) => {
    const label = document.createElement("label");
    label.className = "show";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.addEventListener("change", () => { field.type = box.checked ? "text" : "password"; });
    field.form.addEventListener("submit", () => { field.type = "password"; });
    label.append(box, field.dataset.show);
    field.after(label);
  });

  // Disables a button until a wait is over, and counts down in it and in the message.
  const clock = (seconds) => Math.floor(seconds / 60) + ":" + String(seconds % 60).padStart(2, "0");
  each("[data-wait]", (button) => {
    const end = Date.now() + Number(button.dataset.wait) * 1000;
    const text = button.textContent;
    const timer = setInterval(tick, 250);
    function tick() {
      const left = Math.ceil((end - Date.now()) / 1000);
      button.disabled = left > 0;
      button.textContent = left > 0 ? text + " (" + clock(left) + ")" : text;
      each("#notice time", (time) => {
        time.textContent = clock(Math.max(left, 0));
        if (left <= 0) time.closest("p").remove();
      });
      if (left <= 0) clearInterval(timer);
    }
    tick();
  });

  // Submits a code as soon as it is complete, however it was pasted.
  each("[data-digits]", (field) => field.addEventListener("input", () => {
    const digits = field.value.normalize("NFKC").replace(/\D/g, "");
    if (digits.length === Number(field.dataset.digits)) {
      field.value = digits;
      field.form.requestSubmit();
    }
  }));

  // Submits the form of a link once, as soon as the page is visible, and tells the other tabs.
  each("[data-link]", (form) => {
    const button = form.querySelector("button");
    let sent = false;
    const go = () => {
      const isVisible = !document.prerendering && document.visibilityState === "visible";
      if ("auto" in form.dataset && !sent && isVisible) button.click();
    };
    form.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
      openChannel().postMessage("signing-in");
      setTimeout(() => { button.disabled = true; });
    });
    addEventListener("pageshow", (event) => {
      if (event.persisted) { sent = true; location.reload(); }
    });
    for (const change of ["visibilitychange", "prerenderingchange"]) document.addEventListener(change, go);
    go();
  });

  // Notices that another tab has signed in, and goes on.
  each("[data-await]", (form) => {
    const look = async () => {
      const response = await fetch("/auth/session").catch(() => null);
      if (!response?.ok || !(await response.json())) return false;
      const status = document.createElement("p");
      status.className = "notice";
      status.setAttribute("role", "status");
      status.textContent = form.dataset.awaited;
      form.before(status);
      location.replace(form.dataset.await);
      return true;
    };
    openChannel().addEventListener("message", async () => {
      for (const wait of [500, 1500, 4000]) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        if (await look()) return;
      }
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") look();
    });
  });

  // Loads a page again that the back-forward cache shows: the session may have ended since.
  each("[data-reload]", () => addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  }));
})();
