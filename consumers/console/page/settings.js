/* What is in force, and who changed what, when and why. */
import {get, path} from "/static/api.js";
import {fill, h, stacked, table} from "/static/dom.js";
import {Heading} from "/static/heading.js";
import * as format from "/static/format.js";

const RECORDS = 200; /* of the history, for each object */

export class SettingsView {
	constructor(root, {name}) {
		this.name = name;
		this.title = `${name}: settings`;
		this.heading = new Heading(name, "settings");
		this.settings = h("div");
		this.history = h("div");
		root.append(this.heading.element, h("h2", null, "In force"), this.settings, h("h2", null, "History"), this.history);
	}

	async update({query}) {
		this.newest?.abort();
		this.newest = new AbortController();
		const {signal} = this.newest;
		const test = await get(path("tests", this.name), {}, signal);
		const [mine, endpoints] = await Promise.all([this.name, test.endpoint].map((object) => get(path("history"), {object, limit: RECORDS}, signal)));
		this.heading.update(query);
		const {definition, variants, generation} = test;
		fill(this.settings, {definition, variants, generation}, make_settings);
		const objects = [["test", this.name], ["endpoint", test.endpoint]];
		const known = Math.max(known_from(mine.records), known_from(endpoints.records));
		const records = merge(mine.records, endpoints.records, objects).filter(({generation}) => generation >= known);
		fill(this.history, {records, is_cut: known > 0}, make_history);
	}

	close() {
		this.newest?.abort();
	}
}

/* The generation from which on all records of an object are here; 0: all that there are. */
function known_from(records) {
	return records.length === RECORDS ? records.at(-1).generation : 0;
}

/* Both objects' records, the newest first, with the changes that concern them. */
function merge(one, other, objects) {
	const records = new Map([...one, ...other].map((record) => [record.generation, record]));
	const concerns = ({kind, name}) => objects.some(([k, n]) => k === kind && n === name);
	return [...records.values()].sort((a, b) => b.generation - a.generation)
		.map((record) => ({...record, changes: record.changes.filter(concerns)}))
		.filter((record) => record.changes.length > 0);
}

function make_settings({definition, variants, generation}) {
	return [
		h("p", {class: "small"}, `Generation ${generation} of the control log.`),
		table("Settings of the test", [{title: "Setting"}, {title: "Value"}], grouped(definition).map(([title, settings]) =>
			[h("tr", {class: "group"}, h("th", {scope: "rowgroup", colspan: 2}, title)), settings.map(([name, text]) =>
				h("tr", null, h("th", {scope: "row"}, name), h("td", {class: "long"}, text)))])),
		h("h3", null, "Models"),
		table("Models", [{title: "Variant"}, {title: "Role"}, {title: "URL"}], variants.map((variant) =>
			h("tr", null, h("th", {scope: "row"}, h("span", {class: `swatch ${variant.role === "production" ? "production" : "shadow"}-0`, "aria-hidden": "true"}), variant.name),
				h("td", null, variant.role), h("td", null, h("code", null, variant.url))))),
	];
}

/* [[title, [[name, text], ...]], ...]: the test's own, each object in it, each of its variants. */
function grouped({variants = [], ...others}) {
	const is_object = ([, value]) => value !== null && typeof value === "object" && !Array.isArray(value);
	const entries = Object.entries(others);
	return [
		["The test", flatten(Object.fromEntries(entries.filter((entry) => !is_object(entry))))],
		...entries.filter(is_object).map(([name, value]) => [name.charAt(0).toUpperCase() + name.slice(1), flatten(value)]),
		...variants.map((variant) => [`Candidate ${variant.name}`, flatten(variant)]),
	].filter(([, settings]) => settings.length > 0);
}

/* [["variants[0].timeout", "2 seconds"], ...] */
function flatten(value, name = "") {
	if (value !== null && typeof value === "object" && Object.keys(value).length > 0)
		return Object.entries(value).flatMap(([key, inner]) =>
			flatten(inner, Array.isArray(value) ? `${name}[${key}]` : name ? `${name}.${key}` : key));
	return [[name.replace(/_us$/, ""), in_words(name, value)]];
}

function in_words(name, value) {
	if (typeof value !== "number")
		return typeof value === "string" ? value : value?.length === 0 ? "none" : JSON.stringify(value);
	if (/(^|\.)sampling$/.test(name))
		return `${value / 1e4} %`;
	if (/(^|\.)(start|end|ended|created|modified)_us$/.test(name))
		return value > 0 ? `${format.time(new Date(value / 1000))} UTC` : "not yet";
	if (/bytes$/.test(name))
		return format.bytes(value);
	return name.endsWith("_us") ? format.long(value) : Number.isInteger(value) ? format.count(value) : String(value);
}

/* What a change made different from the definition before it. */
function differences(before, after) {
	const old = new Map(flatten(before)), now = new Map(flatten(after));
	return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key)).map((key) =>
		h("li", null, h("code", null, key), `: ${old.get(key) ?? "not set"} → ${now.get(key) ?? "not set"}`));
}

function make_history({records, is_cut}) {
	if (records.length === 0)
		return h("p", null, "Nothing is known of how it came to be.");
	return [stacked(table("History", ["Generation", "Time (UTC)", "Who", "Why", "What"].map((title) => ({title})), records.map((record, i) =>
		h("tr", null, h("th", {scope: "row"}, String(record.generation)), h("td", null, format.time(record.time)), h("td", null, record.who),
			h("td", null, record.why), h("td", null, record.changes.map((change) => told(change, records.slice(i + 1), is_cut))))))),
	is_cut ? h("p", {class: "small"}, "What was before is told by ", h("code", null, "umbractl history"), ".") : null];
}

/* is_cut: what is not among the earlier records may have been before them. */
function told(change, earlier, is_cut) {
	const title = `${change.kind} ${change.name}`;
	if (change.action === "delete" || !change.definition)
		return h("p", null, `${title} deleted`);
	const before = earlier.flatMap((record) => record.changes).find(({kind, name}) => kind === change.kind && name === change.name);
	if (!before?.definition)
		return h("p", null, before || !is_cut ? `${title} created` : `${title} written`);
	const list = differences(before.definition, change.definition);
	return [h("p", null, list.length ? `${title} changed` : `${title} written again, unchanged`), h("ul", null, list)];
}
