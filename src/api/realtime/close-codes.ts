/**
 * Why a WebSocket was closed; the reason beside the code says it as a dotted name. Up to 4429 the numbers are those of
 * the protocol graphql-transport-ws, whose clients come back by themselves except after 4400, 4401 and 4429.
 */
export const closeCodes = {
  /** The server stops: come back, with the cursor. */
  stopping: 1001,
  /** A message that is none, or comes before the connection was initialised. */
  badRequest: 4400,
  /** The access token is not valid, or the session has ended. */
  unauthenticated: 4401,
  /** The account is banned or disabled. */
  restricted: 4403,
  /** The role of the account changed: come back with the same token. */
  sessionChanged: 4412,
  /** Events waited too long for this client: come back, with the cursor. */
  tooSlow: 4413,
  /** Too many connections of one account, or too many messages. */
  tooMany: 4429,
  /** A defect, or the database is away. */
  internal: 4500,
} as const;

export interface Closing {
  readonly code: number;
  readonly reason: string;
}
