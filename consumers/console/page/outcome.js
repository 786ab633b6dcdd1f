/* What the comparison comes to, at a glance: whether the candidate answers as production does, is right,
 * is fast, and fails. */
import {h} from "/static/dom.js";
import * as format from "/static/format.js";

function tile(subject, answer, ...details) {
	return h("div", {class: "tile"}, h("dt", null, subject), h("dd", null, h("b", {class: "answer"}, answer),
		details.map((text) => h("span", {class: "small"}, text))));
}

function beside(production, candidate, name) {
	return `production ${production}, ${name} ${candidate}`;
}

/* Of two shares. */
function points(one, other) {
	const more = (other - one) * 100;
	return Math.abs(more) < 0.005 ? "equal" : `${Math.abs(more).toFixed(2)} points ${more > 0 ? "more" : "fewer"}`;
}

function agreement({compared, match}) {
	return tile("Answers that agree", compared ? format.percent(match / compared) : format.MISSING,
		compared ? `${format.count(match)} of ${format.count(compared)} pairs` : "nothing was compared yet");
}

function latency(one, other, name) {
	const p99 = (arm) => arm?.model_latency_us.p99 ?? null;
	if (!(p99(one) > 0) || p99(other) === null)
		return null;
	const change = p99(other) / p99(one) - 1;
	const words = Math.abs(change) < 0.005 ? "equal" : `${format.percent(Math.abs(change), 0)} ${change > 0 ? "slower" : "faster"}`;
	return tile("p99 latency", words, `${beside(format.duration(p99(one)), format.duration(p99(other)), name)}, same requests`);
}

/* Over all production variants. */
function failed(arms) {
	const sum = (value) => arms.reduce((n, arm) => n + value(arm), 0);
	const calls = sum((arm) => arm.invocations);
	return calls ? 1 - sum((arm) => arm.outcomes.ok ?? 0) / calls : null;
}

function failures(production, candidate, name) {
	const [one, other] = [failed(production), failed(candidate)];
	if (one === null || other === null)
		return null;
	return tile("Failed calls", points(one, other), `${beside(format.percent(one), format.percent(other), name)} of the calls`);
}

function truth(quality, name) {
	if (!quality)
		return null;
	const {production, own, labelled} = quality;
	return tile("Right answers", points(production.accuracy, own.accuracy),
		`${beside(format.percent(production.accuracy), format.percent(own.accuracy), name)} of ${format.count(labelled)} labelled`);
}

/* Of one candidate, in the stretch of time of the report. */
export function outcome({variants, comparison, quality}, name) {
	const compared = comparison.find((c) => c.variant === name && c.role === "shadow");
	const arm = (role) => variants.find((v) => v.population === "compared" && v.role === role && v.compared_with === name);
	const all = (role) => variants.filter((v) => v.population === "all" && v.role === role && (role === "production" || v.name === name));
	return h("dl", {class: "tiles", "aria-label": `${name} at a glance`}, compared ? agreement(compared) : null,
		truth(quality.find((q) => q.variant === name && q.role === "shadow"), name),
		latency(arm("production"), arm("shadow"), name), failures(all("production"), all("shadow"), name));
}
