/** The pages that a login may lead back to. */
const PAGES: ReadonlySet<string> = new Set(['/', '/admin']);

/** The portal page that `value` names, or the front page: a login never leads away from the portal. */
export function returnTo(value: unknown): string {
  if (typeof value !== 'string' || !/^\/(?![/\\])/.test(value)) return '/';
  const url = new URL(value, 'http://portal.invalid');
  return url.host === 'portal.invalid' && PAGES.has(url.pathname) ? url.pathname + url.search : '/';
}
