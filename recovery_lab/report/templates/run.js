// Takes the browser's language, and opens what a link leads to. The page is whole without it.
const unfold = (id) => { const box = document.getElementById(id); if (box) box.open = true; };
if (/^ko/.test(navigator.language)) document.getElementById("ko").checked = true;
document.addEventListener("click", ({ target }) => {
  const link = target.closest("a[href^='#']");
  if (link) unfold(link.hash.slice(1));
});
unfold(location.hash.slice(1));
