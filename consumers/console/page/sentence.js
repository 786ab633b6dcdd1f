/* Where a test stands, in a sentence. */
import {h} from "/static/dom.js";
import * as format from "/static/format.js";

function capital(text) {
	return text.charAt(0).toUpperCase() + text.slice(1);
}

function standing({state, day, days}) {
	return state === "running" ? `Running, day ${day} of ${days}` : capital(state);
}

function latency(change) {
	if (change === null)
		return null;
	const size = Math.abs(change * 100);
	return size < 0.5 ? "its p99 is that of production" : `its p99 is ${size.toFixed(0)} % ${change > 0 ? "slower" : "faster"}`;
}

function errors(change) {
	if (change === null)
		return null;
	const points = Math.abs(change * 100);
	if (points < 0.005)
		return "errors are equal";
	return `it fails in ${points.toFixed(2)} percentage points ${change > 0 ? "more" : "fewer"} of its calls`;
}

function of_candidate(difference) {
	const parts = [
		difference.agreement === null ? "nothing was compared yet" : `it agrees with production in ${format.percent(difference.agreement, 1)} of the compared requests`,
		latency(difference.p99_change),
		errors(difference.error_change),
	].filter(Boolean);
	const text = parts.join(", ");
	return [" ", h("strong", null, difference.candidate), `: ${text}.`];
}

export function sentence(test) {
	const {headline} = test;
	const each = headline.candidates ?? [{candidate: test.candidates[0] ?? "", ...headline}];
	return h("p", {class: "sentence"}, `${standing(headline)}: `,
		h("span", {data: {fact: "headline|pairs", value: headline.pairs}}, format.count(headline.pairs)),
		` pair${headline.pairs === 1 ? "" : "s"}.`, each.map(of_candidate));
}
