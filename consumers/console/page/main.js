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
	place.setAttribute("aria-busy", "true");
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

/* A new address ends an update that is under way; news wait for its end. */
let turn = 0, is_busy = false, has_news = false;

async function update() {
	const mine = ++turn;
	const {view, route} = shown;
	is_busy = true;
	has_news = false;
	try {
		await view.update(route);
		remove_trouble();
	} catch (error) {
		if (mine === turn && !isAbort(error))
			show_trouble(error);
	}
	if (mine !== turn)
		return;
	is_busy = false;
	place.setAttribute("aria-busy", "false");
	if (has_news)
		update();
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
	if (change?.view)
		return change.view === route.view;
	return !change || !route.name || !Array.isArray(change.tests) || change.tests.includes(route.name) ||
		(change.tests.length === 0);
}

url.follow_links();
addEventListener("route", show);
live.listen((change) => {
	if (!concerns(change))
		return;
	if (is_busy)
		has_news = true;
	else
		update();
});
show();
live.start();
