/* Buckets [lower, upper, count] made into few bins of equal width, on an axis that is linear or
 * logarithmic. A bucket that lies across an edge is shared by how much of it lies on each side. Pure. */

const BINS = 48;
const EDGE = 0.005;

/* {edges, shares: one list per distribution, outside: how many lie beyond, ticks, at(value): 0 to 1} */
export function make(distributions, scale) {
	const all = distributions.flat().sort((a, b) => a[0] - b[0]);
	const axis = scale === "linear" ? linear(all) : logarithmic(all);
	const edges = Array.from({length: BINS + 1}, (_, i) => axis.back(i / BINS));
	let outside = 0;
	const shares = distributions.map((buckets) => {
		const total = buckets.reduce((n, bucket) => n + bucket[2], 0);
		const bins = Array(BINS).fill(0);
		const inside = buckets.reduce((n, bucket) => n + spread(bucket, axis, bins), 0);
		outside += total - inside;
		return bins.map((n) => n / total);
	});
	return {edges, shares, outside: Math.round(outside), ticks: axis.ticks, at: axis.at};
}

/* Of a bucket, what each bin gets; returns how much lies inside. */
function spread([lower, upper, count], {at}, bins) {
	const from = at(lower) * BINS, to = at(upper) * BINS;
	if (to <= from) {
		const i = Math.min(BINS - 1, Math.floor(from));
		if (i < 0 || from > BINS)
			return 0;
		bins[i] += count;
		return count;
	}
	let inside = 0;
	for (let i = Math.max(0, Math.floor(from)); i < Math.min(BINS, Math.ceil(to)); i++) {
		const part = count * (Math.min(to, i + 1) - Math.max(from, i)) / (to - from);
		bins[i] += part;
		inside += part;
	}
	return inside;
}

/* Buckets ascending or not; the middle of the bucket in which it lies. */
export function quantile(buckets, q) {
	const sorted = [...buckets].sort((a, b) => a[0] - b[0]);
	const total = sorted.reduce((n, bucket) => n + bucket[2], 0);
	let rank = q * (total - 1);
	for (const [lower, upper, count] of sorted) {
		if (rank < count)
			return (lower + upper) / 2;
		rank -= count;
	}
	return sorted.length ? sorted.at(-1)[1] : null;
}

/* From the smallest to the largest value; a bucket that begins at 0 is drawn at 1 µs. */
function logarithmic(all) {
	const low = Math.log(Math.max(1, all[0][0]));
	const high = Math.max(low + Math.log(2), Math.log(Math.max(1, ...all.map((bucket) => bucket[1]))));
	const at = (value) => (Math.log(Math.max(1, value)) - low) / (high - low);
	return {at, back: (part) => Math.exp(low + part * (high - low)), ticks: decades(Math.exp(low), Math.exp(high))};
}

function decades(low, high) {
	const steps = high / low > 300 ? [1] : high / low > 30 ? [1, 3] : [1, 2, 5];
	const ticks = [];
	for (let ten = 1; ten <= high; ten *= 10)
		for (const step of steps)
			if (step * ten >= low && step * ten <= high)
				ticks.push(step * ten);
	return ticks;
}

/* Without the outermost half percents, and with 0, which is what matters. */
function linear(all) {
	let low = Math.min(0, quantile(all, EDGE)), high = Math.max(0, quantile(all, 1 - EDGE));
	if (high === low)
		[low, high] = [low - 1, high + 1];
	const margin = (high - low) * 0.03;
	low -= margin;
	high += margin;
	return {at: (value) => (value - low) / (high - low), back: (part) => low + part * (high - low), ticks: round_numbers(low, high)};
}

function round_numbers(low, high) {
	const rough = (high - low) / 6;
	const ten = 10 ** Math.floor(Math.log10(rough));
	const step = [1, 2, 5, 10].find((n) => n * ten >= rough) * ten;
	const ticks = [];
	for (let i = Math.ceil(low / step); i * step <= high; i++)
		ticks.push(i * step);
	return ticks;
}
