/** Errors wrap errors, but not without end: `fetch` has its reason one level down, openid-client two. */
const MAX_CAUSES = 4;
const CODE = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * What may be said in a log of an error that a library or Node made: its code, or that of its cause, or its name.
 * Messages and causes are left out, as they can hold the payload of a token or the body of a response.
 *
 * @internal
 */
export function failureCode(error: unknown): string {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    const code = member(current, 'code');
    if (isCode(code)) return code;
    current = member(current, 'cause');
  }
  const name = member(error, 'name');
  return isCode(name) ? name : 'unknown';
}

function isCode(value: unknown): value is string {
  return typeof value === 'string' && CODE.test(value);
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
