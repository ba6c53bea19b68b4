(() => {
  const field = document.getElementById("password");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.addEventListener("change", () => { field.type = box.checked ? "text" : "password"; });
  field.form.addEventListener("submit", () => { field.type = "password"; });
  const label = document.createElement("label");
  label.className = "show";
  label.append(box, "Show password");
  field.after(label);
})();
