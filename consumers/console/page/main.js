/* The page: one view at a time, by the address; a view has update() and close(). */
import {h} from "/static/dom.js";
import {isAbort} from "/static/api.js";
import * as live from "/static/live.js";
import * as url from "/static/url.js";
import {ListView} from "/static/list.js";
import {TestView} from "/static/test.js";
import {MismatchesView} from "/static/mismatches.js";
import {SettingsView} from "/static/settings.js";
import {SystemView} from "/static/system.js";

const views = {list: ListView, test: TestView, mismatches: MismatchesView, settings: SettingsView, system: SystemView};
const place = document.getElementById("view");
let shown = null; /* {route, view} */

function nowhere(root) {
	root.replaceChildren(h("h1", {tabindex: "-1"}, "There is no such page"),
		h("p", null, h("a", {href: "/"}, "All tests")));
	return {title: "No such page", update() {}, close() {}};
}

function is_same(one, other) {
	return one && one.view === other.view && one.name === other.name;
}

function show() {
	const route = url.route();
	if (!is_same(shown?.route, route)) {
		const is_first = !shown;
		shown?.view.close();
		place.replaceChildren();
		const View = views[route.view];
		shown = {view: View ? new View(place, route) : nowhere(place)};
		document.title = `${shown.view.title} – Umbra`;
		if (!is_first) {
			scrollTo(0, 0);
			place.querySelector("h1")?.focus();
		}
	}
	shown.route = route;
	mark_here();
	update();
}

function mark_here() {
	const section = shown.route.view === "system" ? "/system" : "/";
	for (const link of document.querySelectorAll("header.top nav a"))
		if (link.getAttribute("href") === section)
			link.setAttribute("aria-current", "page");
		else
			link.removeAttribute("aria-current");
}

async function update() {
	const {view, route} = shown;
	place.setAttribute("aria-busy", "true");
	try {
		await view.update(route);
		remove_trouble();
	} catch (error) {
		if (view === shown.view && !isAbort(error))
			show_trouble(error);
	}
	place.setAttribute("aria-busy", "false");
}

function remove_trouble() {
	place.querySelector(".trouble")?.remove();
}

/* Above what was there: old numbers with a word about them are better than none. */
function show_trouble(error) {
	remove_trouble();
	const text = error.status ? error.message : "The console does not answer. The page tries again by itself.";
	place.prepend(h("p", {class: "trouble", role: "alert"}, text));
}

function concerns(change) {
	const {route} = shown;
	return !change || !route.name || !Array.isArray(change.tests) || change.tests.includes(route.name) ||
		(change.tests.length === 0);
}

url.follow_links();
addEventListener("route", show);
live.listen((change) => {
	if (concerns(change))
		update();
});
show();
live.start();
