// A page for the printer: its one button. Nothing is kept of what was printed.
document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
