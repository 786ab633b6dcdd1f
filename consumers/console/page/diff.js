/* Which parts of two texts differ: words, numbers and signs, by the longest common subsequence; of very
 * long texts only what stands between their common beginning and end. Pure. */

const CELLS = 400000;

function tokens(text) {
	return text.match(/[\p{L}\p{N}_.+-]+|\s+|[^]/gu) ?? [];
}

/* [[{text, differs}, ...] of one, [...] of the other] */
export function diff(one, other) {
	const a = tokens(one), b = tokens(other);
	let start = 0, end = 0;
	while (start < a.length && start < b.length && a[start] === b[start])
		start++;
	while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end))
		end++;
	const [same_a, same_b] = common(a.slice(start, a.length - end), b.slice(start, b.length - end));
	const mark = (list, same) => join(list.map((text, i) => ({text, differs: i >= start && i < list.length - end && !same.has(i - start)})));
	return [mark(a, same_a), mark(b, same_b)];
}

/* The places of the common tokens in each. */
function common(a, b) {
	const in_a = new Set(), in_b = new Set();
	if ((a.length + 1) * (b.length + 1) > CELLS)
		return [in_a, in_b];
	const width = b.length + 1;
	const longest = new Uint32Array((a.length + 1) * width);
	for (let i = a.length - 1; i >= 0; i--)
		for (let j = b.length - 1; j >= 0; j--)
			longest[i * width + j] = a[i] === b[j] ? longest[(i + 1) * width + j + 1] + 1
				: Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
	for (let i = 0, j = 0; i < a.length && j < b.length;)
		if (a[i] === b[j]) {
			in_a.add(i++);
			in_b.add(j++);
		} else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1])
			i++;
		else
			j++;
	return [in_a, in_b];
}

function join(parts) {
	const joined = [];
	for (const part of parts)
		if (joined.at(-1)?.differs === part.differs)
			joined.at(-1).text += part.text;
		else
			joined.push({...part});
	return joined;
}
