/** Kept for this tab alone, until it is closed. */
const NAME = "bandloom-token";

/** Takes the token out of the address (`#token=…`, as the server prints it at its start), so that it is not passed on with it. */
export function takeToken(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return;
  sessionStorage.setItem(NAME, token);
  history.replaceState(null, "", location.pathname + location.search);
}

/** What lets this page change what is saved. What people write themselves goes first. */
export function tokenHeader(): Readonly<Record<string, string>> {
  const token = sessionStorage.getItem(NAME);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}
