/* What became of every copy, as one bar: its parts are paired, the losses by reason, and pending, and
 * together they are what was sampled. Should they not be, the difference is a part of its own. */
import {h} from "/static/dom.js";
import * as format from "/static/format.js";

const MEANINGS = {
	not_delivered: "never reached the shadow topic",
	shed: "given up under load, or the candidate was left alone",
	cancelled: "the test had ended",
	expired: "older than max_age",
	unanswered: "no event came within the horizon",
	state_bound: "too many waited to be joined",
	too_large: "larger than the bound",
};

function sum(counts) {
	return Object.values(counts).reduce((total, n) => total + n, 0);
}

function segment(kind, name, n, total, meaning = "") {
	const part = h("span", {class: `segment ${kind}`, title: `${name}: ${format.count(n)}${meaning && `, ${meaning}`}`});
	part.style.flexGrow = String(n);
	return {part, kind, name, n, share: total ? n / total : 0, meaning};
}

function copies(account) {
	const lost = sum(account.losses);
	const told = account.paired + lost + account.pending;
	const total = Math.max(account.sampled, told);
	const segments = [
		segment("paired", "paired", account.paired, total, "both models were asked"),
		...Object.entries(account.losses).map(([reason, n], i) =>
			segment(`loss-${i % 6}`, `lost: ${format.words(reason)}`, n, total, MEANINGS[reason])),
		segment("pending", "pending", account.pending, total, "not answered so far"),
	];
	if (account.sampled !== told)
		segments.push(segment("broken", account.sampled > told ? "not accounted for" : "too many", Math.abs(account.sampled - told), total, "the books do not close"));
	return segments;
}

function pairs(comparison, paired) {
	const named = comparison.match + comparison.mismatch + sum(comparison.not_comparable);
	const segments = [
		segment("match", "match", comparison.match, paired),
		segment("mismatch", "mismatch", comparison.mismatch, paired),
		...Object.entries(comparison.not_comparable).map(([reason, n], i) =>
			segment(`loss-${(i + 1) % 6}`, `not comparable: ${format.words(reason)}`, n, paired)),
	];
	if (paired > named)
		segments.push(segment("pending", "not compared", paired - named, paired));
	return segments;
}

function bar(label, segments) {
	const shown = segments.filter(({n}) => n > 0);
	return [
		h("div", {class: "bar", role: "img", "aria-label": `${label}: ${shown.map(({name, n}) => `${name} ${format.count(n)}`).join(", ")}`},
			shown.map(({part}) => part)),
		h("ul", {class: "key-list"}, segments.filter(({n, name}) => n > 0 || ["paired", "pending"].includes(name)).map(({kind, name, n, share, meaning}) =>
			h("li", {title: meaning}, h("span", {class: `swatch ${kind}`, "aria-hidden": "true"}), `${name} `,
				h("b", null, format.count(n)), ` (${format.percent(share)})`))),
	];
}

function identity(account) {
	const key = (name) => `accounting|${account.role}|${account.variant}|${name}`;
	const number = (name, n) => h("b", {data: {fact: key(name), value: n}}, format.count(n));
	return h("p", {class: "identity"}, "sampled ", number("sampled", account.sampled), " = paired ", number("paired", account.paired),
		" + lost ", number("losses", sum(account.losses)), " + pending ", number("pending", account.pending));
}

/* Of one candidate; comparison may be missing. */
export function accounting(account, comparison) {
	return h("section", {class: "card accounting", "aria-label": `Accounting of ${account.variant}`},
		h("h3", null, `Every copy for ${account.variant}`),
		identity(account),
		bar(`Copies for ${account.variant}`, copies(account)),
		comparison && account.paired > 0 ? [h("h3", null, "Every pair of answers"),
			bar(`Pairs of ${account.variant}`, pairs(comparison, account.paired))] : null);
}
