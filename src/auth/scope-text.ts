/** The characters of a scope (RFC 6749 §3.3). Others would break the challenge that names it. */
export const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
