(() => {
  const form = document.getElementById("redeem");
  const button = form.querySelector("button");
  let sent = false;
  const go = () => {
    if (!sent && !document.prerendering && document.visibilityState === "visible") button.click();
  };
  form.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
    setTimeout(() => { button.disabled = true; });
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) { sent = true; location.reload(); }
  });
  for (const change of ["visibilitychange", "prerenderingchange"]) document.addEventListener(change, go);
  go();
})();
