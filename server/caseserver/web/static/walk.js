// The sheet of the walk test on paper: what the page shows, with boxes to tick.
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
