(() => {
  const byId = (id) => document.getElementById(id);
  const announce = (text) => { byId("status").textContent = text; };
  document.documentElement.classList.add("scripted");

  /** Shows a result on the button that was pressed for a moment, and tells screen readers. */
  const showResult = (button, text) => {
    button.label ??= [...button.childNodes];
    button.replaceChildren(text);
    announce(text);
    clearTimeout(button.timer);
    button.timer = setTimeout(() => { button.replaceChildren(...button.label); announce(""); }, 2500);
  };

  /** Copies a text, or selects it where the clipboard is not available. */
  const copy = async (button) => {
    const source = byId(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(source.textContent.trim());
      showResult(button, "Copied");
    } catch {
      getSelection().selectAllChildren(source);
      showResult(button, "Selected, now copy");
    }
  };
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.(".copy");
    if (button) copy(button);
    const email = target.closest?.(".email > summary")?.parentElement;
    if (email) email.dataset.touched = "";
  });

  /** Makes a frame as high as its email. */
  const fit = (frame) => {
    const height = frame.contentDocument?.documentElement.offsetHeight;
    if (height) frame.style.height = `${height + 2}px`;
  };
  const frames = new ResizeObserver((entries) => entries.forEach((entry) => fit(entry.target)));
  const watch = (item) => {
    for (const frame of item.querySelectorAll("iframe")) {
      frame.addEventListener("load", () => fit(frame));
      frames.observe(frame);
    }
  };
  watch(document);

  /** Returns whether an email was opened by hand, or has the focus or the selection in it. */
  const isInUse = (email) => {
    const selection = getSelection();
    const framed = email.querySelector("iframe").contentDocument?.getSelection();
    return "touched" in email.dataset || email.contains(document.activeElement)
      || (!selection.isCollapsed && selection.containsNode(email, true)) || framed?.isCollapsed === false;
  };

  /** Shows what has become of an email. */
  const update = (item, fresh) => {
    const [state, freshState] = [item, fresh].map((each) => each.querySelector(".state"));
    if (state && freshState && !state.isEqualNode(freshState)) state.replaceWith(freshState);
  };

  /** Adds and removes emails and leaves all others as they are: opened, selected, focused. Only their states change. */
  const merge = (fresh) => {
    const list = byId("emails");
    const shown = fresh.getElementById("emails");
    for (const item of [...list.children]) if (!fresh.getElementById(item.id)) item.remove();
    for (const item of [...shown.children].reverse()) {
      const known = byId(item.id);
      if (known) {
        update(known, item);
        continue;
      }
      const newest = list.querySelector(".email");
      if (newest && !isInUse(newest)) newest.open = false;
      list.prepend(item);
      watch(item);
      announce(`New email: ${item.querySelector("summary")?.textContent}`);
    }
    const [unsent, freshUnsent] = [byId("unsent"), fresh.getElementById("unsent")];
    if (!unsent.isEqualNode(freshUnsent)) unsent.replaceWith(freshUnsent);
  };

  const startOf = (version) => version.split("-")[0];
  const refresh = async () => {
    const head = await fetch("inbox", { method: "HEAD" });
    const inbox = byId("inbox");
    if (head.headers.get("etag") === `"${inbox.dataset.version}"`) return;
    const html = await (await fetch("./")).text();
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const { version } = fresh.getElementById("inbox").dataset;
    if (startOf(version) !== startOf(inbox.dataset.version)) return location.reload();
    merge(fresh);
    inbox.dataset.version = version;
  };
  const poll = async () => {
    if (!document.hidden) {
      const isUp = await refresh().then(() => true, () => false);
      byId("offline").hidden = isUp;
    }
    setTimeout(poll, 1000);
  };
  poll();
})();
