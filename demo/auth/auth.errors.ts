/** The provider cannot be asked at present; the same may work in a moment. */
export class ProviderUnavailableError extends Error {
  override readonly name = 'ProviderUnavailableError';
}

/** A sign-in that must not go through. The reason is for the log; the person learns only that it was refused. */
export class LoginRefusedError extends Error {
  override readonly name = 'LoginRefusedError';
}

/** What an error may say in a log: its code or kind. Messages of HTTP clients can quote requests and answers. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return codeOf(error.cause) ?? codeOf(error) ?? error.name;
}

function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
