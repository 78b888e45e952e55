import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { decode, type DecodeFailure, isHandshake } from '../bayeux/message.js';
import { isThenable } from '../bayeux/maybe-promise.js';
import type { MaybePromise } from '../bayeux/ports.js';
import type { Accepted, Intake } from './intake.js';
import { PacedReading } from './paced-reading.js';
import type { PendingSockets } from './pending-sockets.js';
import type { RefusedSockets } from './refused-sockets.js';
import type { RequestScope } from './request-scope.js';
import { CloseCodes, SocketLink } from './socket.link.js';
import type { TransportOptions } from './transport-options.js';

/** An empty array is a heartbeat. */
const CODE_OF: Record<Exclude<DecodeFailure, 'empty'>, readonly [code: number, reason: string]> = {
  malformed: [CloseCodes.invalidPayload, 'not a JSON array of messages'],
  too_deep: [CloseCodes.policyViolation, 'nested too deeply'],
};

/** Without memory of earlier frames: what one client publishes must not be guessable from how well it compresses. */
const COMPRESSION = { serverNoContextTakeover: true, clientNoContextTakeover: true };

/** Versions of the protocol that are understood. */
const VERSIONS = ['13', '8'];

/** Frames of one message. */
const MAX_FRAGMENTS = 1_024;
/** Pieces in which one frame may come from the network: for the smallest packets there are, and a few more. */
const MIN_CHUNKS = 1_024;
const BYTES_OF_CHUNK = 256;

/** Bayeux over WebSocket: one array a text frame, both ways. */
export class WebSocketTransport {
  readonly #intake: Intake;
  readonly #options: TransportOptions;
  readonly #upgrader: WebSocketServer;
  readonly #links = new Set<SocketLink>();
  readonly #pending: PendingSockets;
  readonly #refused: RefusedSockets;
  #onEmpty: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    intake: Intake,
    options: TransportOptions,
    /** Where sockets without a session are counted. */
    pending: PendingSockets,
    refused: RefusedSockets,
  ) {
    this.#intake = intake;
    this.#options = options;
    this.#pending = pending;
    this.#refused = refused;
    const { protocol } = options.webSocket;
    this.#upgrader = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: options.maxMessageBytes,
      // A message in tiny pieces costs many times its bytes, as each piece is an object.
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: Math.max(MIN_CHUNKS, Math.ceil(options.maxMessageBytes / BYTES_OF_CHUNK)),
      // Costs memory for every socket, open or idle.
      perMessageDeflate: options.webSocket.compression && COMPRESSION,
      // Answering with a protocol is optional; echoing one could give away a token that was offered as one.
      handleProtocols: (offered) => offered.has(protocol) && protocol,
    });
  }

  /** Sockets that are open. */
  get sockets(): number {
    return this.#links.size;
  }

  /** Takes over an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, scope: RequestScope): void {
    const setCookie = scope.browser?.setCookie;
    const addCookie = (headers: string[]): void => void headers.push(`Set-Cookie: ${setCookie}`);
    // Without a listener `ws` would answer by itself, and cut the socket off with the answer.
    const refuse = ({ message }: Error): void => {
      const understood = VERSIONS.includes(request.headers['sec-websocket-version'] ?? '');
      const headers = understood ? {} : { 'Sec-WebSocket-Version': VERSIONS.join(', ') };
      this.#refused.refuse(socket, scope.context.address, {
        status: '400 Bad Request',
        headers,
        body: message,
      });
    };
    // Events are emitted while `handleUpgrade` runs, so that they cannot meet another upgrade.
    this.#upgrader.once('wsClientError', refuse);
    if (setCookie !== undefined) this.#upgrader.once('headers', addCookie);
    // It may have been offered among others, of which `ws` would take none.
    request.headers.upgrade = 'websocket';
    // The cookie has been set then, and need not be kept for as long as the socket lasts.
    const kept = setCookie === undefined ? scope : { ...scope, browser: undefined };
    try {
      this.#upgrader.handleUpgrade(request, socket, head, (webSocket) => {
        this.#open(webSocket, socket, kept);
      });
    } finally {
      this.#upgrader.off('headers', addCookie).off('wsClientError', refuse);
    }
  }

  /** Resolves when all sockets have closed. They are told to by the end of their sessions, or here. */
  close(): Promise<void> {
    // Asked for once for each path that gateways name.
    return (this.#closed ??= new Promise((resolve) => {
      this.#onEmpty = resolve;
      for (const link of this.#links) link.end('shutdown');
      this.#upgrader.close();
      if (this.#links.size === 0) resolve();
    }));
  }

  #open(socket: WebSocket, connection: Duplex, scope: RequestScope): void {
    const { server, logger, runs } = this.#intake;
    const { address } = scope.context;
    const link = new SocketLink(
      socket,
      connection,
      server.scheduler,
      this.#options,
      runs,
      this.#pending,
      address,
    );
    this.#links.add(link);
    new PacedReading(connection, server.turns, link);
    // Frames enter one after the other, also where a token has to be verified first; slow handlers hold up nothing.
    let entering: PromiseLike<unknown> | undefined;
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (link.closing) return;
      // When a connection breaks, what had to wait comes at once; too much of it is left, as it is to no client.
      if (connection.destroyed && link.resting) return;
      if (isBinary) {
        link.close(CloseCodes.unsupportedData, 'binary frame');
        return;
      }
      link.frameBegun();
      const enter = (): MaybePromise<void> => this.#receive(data, link, scope);
      const entered = entering ? entering.then(enter) : enter();
      if (!isThenable(entered)) return;
      const tail: PromiseLike<unknown> = entered.then(() => {
        if (entering === tail) entering = undefined;
      });
      entering = tail;
    });
    socket.on('ping', () => {
      server.count(link);
      link.pinged();
    });
    socket.on('error', (error) => {
      logger.debug(`A socket failed: ${error.message}`);
    });
    socket.once('close', () => {
      try {
        link.gone();
        server.closed(link);
      } catch (error) {
        logger.error('A socket could not be let go.', error);
      }
      this.#links.delete(link);
      if (this.#links.size === 0) this.#onEmpty?.();
    });
  }

  /** Settles when the messages of a frame are on their way. It is called by an event, and never throws. */
  #receive(data: Buffer, link: SocketLink, scope: RequestScope): MaybePromise<void> {
    try {
      return this.#read(data.toString(), link, scope);
    } catch (error) {
      this.#intake.logger.error('A frame failed.', error);
      link.end('unavailable');
    }
  }

  #read(text: string, link: SocketLink, scope: RequestScope): MaybePromise<void> {
    const decoded = decode(text, this.#options);
    if (!decoded.ok) {
      if (decoded.failure === 'empty') {
        // The heartbeat of faye before 1.3.
        this.#intake.server.heard(link);
        link.frameDone();
        return;
      }
      link.close(...CODE_OF[decoded.failure]);
      return;
    }
    const followed = ({ handled }: Accepted): void => {
      if (isThenable(handled)) {
        void handled.then(() => {
          link.frameDone();
        });
      } else {
        link.frameDone();
      }
    };
    const accepted = this.#intake.accept(
      decoded.messages,
      this.#scopeFor(link, scope, decoded.messages),
      link,
    );
    if (!isThenable(accepted)) {
      followed(accepted);
      return;
    }
    return accepted.then(followed);
  }

  /**
   * The token of the upgrade speaks until the socket has a session: it is as old as the socket, and a session that
   * has renewed its token since must not be measured by it. Nor does it speak against a newer one of a client that begins
   * anew.
   */
  #scopeFor(link: SocketLink, scope: RequestScope, messages: readonly unknown[]): RequestScope {
    if (scope.authorization === undefined) return scope;
    const asked = link.sessionId === undefined || messages.some(isHandshake);
    const replaced = link.served && this.#intake.authenticator.finds(messages);
    return asked && !replaced ? scope : { ...scope, authorization: undefined };
  }
}
