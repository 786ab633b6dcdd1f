/* What is looked at stands in the address, so that it can be sent to a colleague: the view in its
 * path, how it is looked at in its query. */

const NAMES = /^\/tests\/([^/]+)(?:\/(mismatches|settings))?\/?$/;

/* {view, name, query} */
export function route() {
	const query = new URLSearchParams(location.search);
	if (location.pathname === "/")
		return {view: "list", query};
	if (location.pathname === "/system")
		return {view: "system", query};
	const found = NAMES.exec(location.pathname);
	if (!found)
		return {view: "nowhere", query};
	try {
		return {view: found[2] ?? "test", name: decodeURIComponent(found[1]), query};
	} catch {
		return {view: "nowhere", query};
	}
}

/* The address of a test's view; the stretch of time stays from view to view. */
export function test(name, view = "", query = new URLSearchParams()) {
	const kept = new URLSearchParams();
	for (const key of ["range", "from", "to", "population", "statistic"])
		if (query.get(key))
			kept.set(key, query.get(key));
	const tail = view ? `/${view}` : "";
	return `/tests/${encodeURIComponent(name)}${tail}${kept.size ? `?${kept}` : ""}`;
}

/* Changes some words of the query and says so to whoever shows the page. null takes one away. */
export function change(words, {replace = false} = {}) {
	const query = new URLSearchParams(location.search);
	for (const [key, value] of Object.entries(words))
		if (value === null || value === "")
			query.delete(key);
		else
			query.set(key, value);
	go(`${location.pathname}${query.size ? `?${query}` : ""}`, {replace});
}

export function go(address, {replace = false} = {}) {
	history[replace ? "replaceState" : "pushState"](null, "", address);
	dispatchEvent(new Event("route"));
}

/* Links inside the page are followed without loading it again. */
export function follow_links() {
	document.addEventListener("click", (event) => {
		const link = event.target.closest?.("a[href]");
		const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
		if (!link || !plain || event.defaultPrevented || link.origin !== location.origin || link.getAttribute("href").startsWith("#"))
			return;
		event.preventDefault();
		go(link.getAttribute("href"));
	});
	addEventListener("popstate", () => dispatchEvent(new Event("route")));
}
