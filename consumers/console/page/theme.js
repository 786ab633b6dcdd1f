/* Light, dark, or what the system says. Runs before the first paint, so that nothing flashes. */
"use strict";
(function () {
	const themes = ["automatic", "dark", "light"];

	function stored() {
		try {
			return localStorage.getItem("theme");
		} catch {
			return null; /* no storage here: it holds until the page is left */
		}
	}

	const system = matchMedia("(prefers-color-scheme: dark)");
	let theme = themes.includes(stored()) ? stored() : "automatic";

	function apply() {
		document.documentElement.dataset.theme = theme !== "automatic" ? theme : system.matches ? "dark" : "light";
		const button = document.getElementById("theme");
		if (button)
			button.textContent = `Theme: ${theme === "automatic" ? "auto" : theme}`;
		dispatchEvent(new Event("theme"));
	}

	function next() {
		theme = themes[(themes.indexOf(theme) + 1) % themes.length];
		try {
			localStorage.setItem("theme", theme);
		} catch {
			/* as above */
		}
		apply();
	}

	apply();
	system.addEventListener("change", apply);
	addEventListener("DOMContentLoaded", () => {
		document.getElementById("theme").addEventListener("click", next);
		apply();
	});
})();
