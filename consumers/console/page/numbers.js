/* The report's numbers: production beside a candidate. Latencies are those of the same requests, or of
 * all; a comparison over different requests is the classic mistake, so the table says which. */
import {h, table} from "/static/dom.js";
import * as format from "/static/format.js";

const QUANTILES = [["mean", "mean"], ["p50", "p50"], ["p90", "p90"], ["p99", "p99"], ["p999", "p99.9"], ["max", "max"]];

function find(report, population, role, name, candidate) {
	return report.variants.filter((v) => v.population === population && v.role === role && (!name || v.name === name) &&
		(population === "all" || v.compared_with === candidate));
}

function cell(arm, key, raw, text) {
	if (!arm)
		return h("td", {class: "number"}, format.MISSING);
	const population = arm.compared_with ? `compared:${arm.compared_with}` : arm.population;
	return h("td", {class: "number", data: {fact: `${population}|${arm.role}|${arm.name}|${key}`, value: raw ?? null}}, text);
}

function change(one, other) {
	if (!(one > 0) || other === null || other === undefined)
		return "";
	const ratio = other / one - 1;
	return format.signed(format.percent(ratio, 1), ratio);
}

function count_row(name, key, arms, value) {
	return h("tr", null, h("th", {scope: "row"}, name), arms.map((arm) => {
		const n = arm && value(arm);
		return cell(arm, key, n, format.count(n));
	}), h("td"));
}

function share(arm, outcome) {
	return arm?.invocations ? (arm.outcomes[outcome] ?? 0) / arm.invocations : null;
}

function points(one, other) {
	if (one === null || other === null || one === other)
		return "";
	const difference = (other - one) * 100;
	return format.signed(`${difference.toFixed(2)} points`, difference);
}

function outcome_row(outcome, arms) {
	const shares = arms.map((arm) => share(arm, outcome));
	return h("tr", null, h("th", {scope: "row"}, format.words(outcome)),
		arms.map((arm, i) => cell(arm, `outcomes.${outcome}`, arm?.outcomes[outcome] ?? 0,
			arm ? `${format.percent(shares[i])} (${format.count(arm.outcomes[outcome] ?? 0)})` : format.MISSING)),
		h("td", {class: "number"}, points(shares[0], shares.at(-1))));
}

function latency_rows(title, metric, arms, quantiles = QUANTILES) {
	return quantiles.map(([key, name]) => h("tr", null, h("th", {scope: "row"}, `${title} ${name}`),
		arms.map((arm) => cell(arm, `${metric}.${key}`, arm?.[metric][key], format.duration(arm?.[metric][key]))),
		h("td", {class: "number"}, arms.length === 2 ? change(arms[0]?.[metric][key], arms[1]?.[metric][key]) : "")));
}

function group(title, columns, rows) {
	return [h("tr", {class: "group"}, h("th", {scope: "rowgroup", colspan: columns}, title)), rows];
}

function comparison_row(comparison, columns) {
	if (!comparison)
		return null;
	const fact = (name, value) => ({fact: `comparison|${comparison.role}|${comparison.variant}|${name}`, value});
	const difference = comparison.latency_difference_us;
	const agreement = comparison.compared ? comparison.match / comparison.compared : null;
	const part = (name, key) => [h("b", {data: fact(`latency_difference_us.${key}`, difference[key])},
		format.signed(format.duration(difference[key]), difference[key])), ` ${name}`];
	return group("Pair by pair", columns, [
		h("tr", null, h("th", {scope: "row"}, "agreement"), h("td", {colspan: columns - 1, class: "words"}, h("b", null, format.percent(agreement)), ": ",
			h("b", {data: fact("match", comparison.match)}, format.count(comparison.match)), " of ",
			h("b", {data: fact("compared", comparison.compared)}, format.count(comparison.compared)), " compared answers match")),
		difference.count ? h("tr", null, h("th", {scope: "row"}, "candidate less production"),
			h("td", {colspan: columns - 1, class: "words"}, part("mean", "mean"), ", ", part("median", "p50"), ", ", part("p99", "p99"))) : null,
	].filter(Boolean));
}

const RATIOS = [["accuracy", "accuracy"], ["precision", "precision"], ["recall", "recall"], ["f1", "F1"]];
const SCORES = [["log_loss", "log-loss"], ["brier", "Brier score"]];

/* One production column is filled, however many variants there are: the truth is told of their sum. */
function quality_row(quality, blanks, [key, name], text, difference) {
	const sides = ["production", "own"];
	const fact = (side) => ({fact: `quality|${quality.role}|${quality.variant}|${side}.${key}`, value: quality[side][key]});
	return h("tr", null, h("th", {scope: "row"}, name), blanks,
		sides.map((side) => h("td", {class: "number", data: fact(side)}, text(quality[side][key]))),
		h("td", {class: "number"}, difference(quality.production[key], quality.own[key])));
}

function quality_group(quality, columns) {
	if (!quality)
		return null;
	const blanks = () => Array.from({length: columns - 4}, () => h("td", {class: "number"}, format.MISSING));
	const is_known = ([key]) => quality.own[key] !== null || quality.production[key] !== null;
	const score = (value) => value === null ? format.MISSING : value.toFixed(4);
	const less = (one, other) => one === null || other === null ? "" : format.signed((other - one).toFixed(4), other - one);
	return group("Against the truth, same requests", columns, [
		h("tr", null, h("th", {scope: "row"}, "labelled"), h("td", {colspan: columns - 1, class: "words"},
			h("b", {data: {fact: `quality|${quality.role}|${quality.variant}|labelled`, value: quality.labelled}}, format.count(quality.labelled)),
			" compared requests whose truth is known")),
		RATIOS.filter(is_known).map((row) => quality_row(quality, blanks(), row, format.percent, points)),
		SCORES.filter(is_known).map((row) => quality_row(quality, blanks(), row, score, less))]);
}

/* population: "compared" (same requests) or "all". */
export function numbers(report, candidate, population) {
	const all = [...find(report, "all", "production"), ...find(report, "all", "shadow", candidate)];
	const asked = population === "all" ? all : [...find(report, "compared", "production", null, candidate), ...find(report, "compared", "shadow", candidate, candidate)];
	const comparison = report.comparison.find((c) => c.variant === candidate);
	/* Of several production variants over the same requests only their sum is known. */
	const is_summed = asked.length !== all.length;
	const columns = all.length + 2;
	const outcomes = [...new Set(["ok", ...all.flatMap((arm) => Object.keys(arm.outcomes))])];
	const heads = all.map((arm) => ({title: arm.name, class: `number ${arm.role}`}));
	const latency = is_summed ? [...Array(Math.max(0, all.length - asked.length)).fill(null), ...asked] : asked;
	return h("section", {class: "card"}, h("h3", null, `Production and ${candidate}`),
		table(`Production and ${candidate}`, [{title: ""}, ...heads, {title: "difference", class: "number"}], [
			group("All that was asked", columns, [count_row("requests", "invocations", all, (arm) => arm.invocations), outcomes.map((o) => outcome_row(o, all))]),
			group(population === "all" ? "Model latency, all requests" : "Model latency, same requests", columns, [
				count_row("requests", "invocations", latency, (arm) => arm.invocations),
				latency_rows("latency", "model_latency_us", latency)]),
			group("Before and after the model, all requests", columns, [
				latency_rows("overhead", "overhead_latency_us", all, [["p50", "p50"], ["p99", "p99"]]),
				latency_rows("queue", "queue_us", all, [["p50", "p50"], ["p99", "p99"]])]),
			comparison_row(comparison, columns),
			quality_group(report.quality.find((q) => q.variant === candidate && q.role === "shadow"), columns),
		].flat(Infinity).filter(Boolean)));
}
