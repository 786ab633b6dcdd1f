/* Numbers, durations and times as people read them. The same numbers as umbractl report prints. */

export const MISSING = "–";

const whole = new Intl.NumberFormat("en-US", {maximumFractionDigits: 0});

export function count(n) {
	return n === null || n === undefined ? MISSING : whole.format(n);
}

/* A duration in the unit that suits it. */
export function duration(us) {
	if (us === null || us === undefined)
		return MISSING;
	const size = Math.abs(us);
	if (size < 1000)
		return `${us.toFixed(0)} µs`;
	if (size < 1e6)
		return `${(us / 1e3).toFixed(2)} ms`;
	if (size < 120e6)
		return `${(us / 1e6).toFixed(2)} s`;
	return long(us);
}

/* 2 days, 90 minutes: of schedules. */
export function long(us) {
	const units = [["day", 86400e6], ["hour", 3600e6], ["minute", 60e6], ["second", 1e6], ["millisecond", 1e3]];
	for (const [name, size] of units)
		if (Math.abs(us) >= size) {
			const n = Math.round(us / size * 10) / 10;
			return `${whole.format(Math.trunc(n))}${n % 1 ? (n % 1).toFixed(1).slice(1) : ""} ${name}${n === 1 ? "" : "s"}`;
		}
	return `${us} µs`;
}

export function percent(ratio, digits = 2) {
	return ratio === null || ratio === undefined ? MISSING : `${(ratio * 100).toFixed(digits)} %`;
}

export function signed(text, number) {
	return number > 0 ? `+${text}` : text;
}

export function bytes(n) {
	if (n === null || n === undefined)
		return MISSING;
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let i = 0;
	while (Math.abs(n) >= 1024 && i < units.length - 1) {
		n /= 1024;
		i++;
	}
	return `${n.toFixed(i ? 1 : 0)} ${units[i]}`;
}

/* A value of a series in the unit that the API names. */
export function value(number, unit) {
	if (number === null || number === undefined)
		return MISSING;
	switch (unit) {
	case "us": return duration(number);
	case "ratio": return percent(number);
	case "percent": return `${number.toFixed(1)} %`;
	case "bytes": return bytes(number);
	default: return Number.isInteger(number) ? count(number) : number.toPrecision(3);
	}
}

/* 2026-11-23 21:04:30, always UTC. */
export function time(iso) {
	if (!iso)
		return MISSING;
	return new Date(iso).toISOString().slice(0, 19).replace("T", " ");
}

export function clock(iso) {
	return iso ? time(iso).slice(11) : MISSING;
}

export function step(us) {
	return us % 86400e6 === 0 ? `${us / 86400e6} d`
		: us % 3600e6 === 0 ? `${us / 3600e6} h`
		: us % 60e6 === 0 ? `${us / 60e6} min`
		: `${us / 1e6} s`;
}

/* server_error: server error */
export function words(name) {
	return name.replaceAll("_", " ");
}
