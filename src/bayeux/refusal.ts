/** What the server answered to a session of its own was "no". */
export class BayeuxRefusal extends Error {
  constructor(
    /** A code of the catalogue, as `403:denied_by_not_granting:publish_denied`. */
    readonly error: string,
  ) {
    super(`The server has refused: ${error}.`);
    this.name = 'BayeuxRefusal';
  }
}
