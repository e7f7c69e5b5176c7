/**
 * The tokens of whoever is signed in, shared by the tabs of this browser. Scripts could read them, which is why the
 * content security policy of this page lets in no scripts but its own; STOA_SESSION_COOKIES is the way without.
 */
const key = 'stoa.session';
const listeners = new Set();

export function readSession() {
  const text = localStorage.getItem(key);
  return text === null ? undefined : JSON.parse(text);
}

/** New tokens for the same account, or the end of the session. */
export function replaceSession(tokens) {
  const was = readSession() !== undefined;
  if (tokens) localStorage.setItem(key, JSON.stringify(tokens));
  else localStorage.removeItem(key);
  if (was !== (tokens !== undefined)) tell();
}

/** Somebody has signed in. */
export function startSession(tokens) {
  localStorage.setItem(key, JSON.stringify(tokens));
  tell();
}

/** Calls when somebody signs in or out, in this tab or another. */
export function onSession(listener) {
  listeners.add(listener);
}

function tell() {
  for (const listener of listeners) listener();
}

window.addEventListener('storage', (event) => {
  if (event.key === key && (event.oldValue === null) !== (event.newValue === null)) tell();
});
