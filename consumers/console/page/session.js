/* The token, where the console asks for one. A person enters it once; it stays in this tab's
 * sessionStorage and goes out in a header, never in an address or a cookie: so no page of another site
 * can make the browser send it, and the console keeps no sessions. */
import {h} from "/static/dom.js";

const KEY = "umbra-token";
let token = stored();
let asked = null; /* while the form is open: a promise that ends with it */

function stored() {
	try {
		return sessionStorage.getItem(KEY);
	} catch {
		return null;
	}
}

function keep(text) {
	token = text;
	try {
		sessionStorage.setItem(KEY, text);
	} catch {
		/* no storage here: it holds until the page is left */
	}
}

export function is_asking() {
	return asked !== null;
}

/* fetch(), with the token. While the console wants one that nobody has entered, it waits. `limit` makes
 * the signal of each try. */
export async function request(address, headers, limit) {
	for (;;) {
		await asked;
		const tried = token;
		const response = await fetch(address, {
			headers: tried ? {...headers, authorization: `Bearer ${tried}`} : headers,
			signal: limit(),
		});
		if (response.status !== 401)
			return response;
		if (tried === token)
			asked ??= ask(tried).finally(() => asked = null);
	}
}

/* Ends when something was entered; whether it is right, the next request tells. */
function ask(tried) {
	return new Promise((done) => {
		const field = h("input", {type: "password", id: "token", autocomplete: "current-password", required: true,
			pattern: "\\s*[!-~]{16,}\\s*", title: "16 characters or more, no blanks", spellcheck: "false", "aria-describedby": "token-hint"});
		const hint = tried ? "The console does not know this token." : "It is in the file that the console was started with.";
		const form = h("form", {onsubmit: (event) => {
			event.preventDefault();
			keep(field.value.trim());
			dialog.remove();
			done();
		}},
		h("h2", {id: "token-title"}, "This console asks for a token"),
		h("label", {for: "token"}, "Token"), field,
		h("p", {id: "token-hint", class: tried ? "trouble" : "small", role: tried ? "alert" : null}, hint),
		h("button", {type: "submit"}, "Open"));
		/* Nothing can be seen without the token, so Escape opens it again. */
		const dialog = h("dialog", {class: "token", "aria-labelledby": "token-title",
			onclose: () => dialog.isConnected && dialog.showModal()}, form);
		document.body.append(dialog);
		dialog.showModal();
	});
}
