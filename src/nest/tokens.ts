/** Injects the `TokenVerifier` that the push server uses, for example to find the user of an access token. */
export const TOKEN_VERIFIER = Symbol('nestjs-comet:token-verifier');

/** What stands ahead of the verifier: the limits and fair shares of those who present tokens. @internal */
export const VERIFICATION_GATE = Symbol('nestjs-comet:verification-gate');

/** The options as the application gave them. @internal */
export const COMET_OPTIONS = Symbol('nestjs-comet:options');

/** The options of all parts, complete and checked. @internal */
export const COMET_RESOLVED = Symbol('nestjs-comet:resolved-options');

/** How this server is named as a resource that tokens are for, if it is. @internal */
export const COMET_RESOURCE = Symbol('nestjs-comet:resource');

/** The clock. @internal */
export const COMET_SCHEDULER = Symbol('nestjs-comet:scheduler');

/** The engine that carries messages. @internal */
export const COMET_ENGINE = Symbol('nestjs-comet:engine');

/** Path of gateways that serve Bayeux sessions, wherever the endpoint is. @internal */
export const COMET_GATEWAY_PATH = 'comet:';
