/** What subscriptions may take of a process. */
export interface RealtimeLimits {
  readonly maxConnections: number;
  /** A house or an office is one address, and so is a proxy that is not trusted. */
  readonly maxConnectionsPerAddress: number;
  /** Devices and tabs of one person. */
  readonly maxConnectionsPerAccount: number;
  /** Of one connection. */
  readonly maxSubscriptions: number;
  /** Of one message from a client: a query, its variables and a cursor. */
  readonly maxMessageBytes: number;
  /** Messages from one client in `floodWindowMs`. */
  readonly maxMessages: number;
  readonly floodWindowMs: number;
  /** How long a connection may stay silent before it says who it is. */
  readonly initTimeoutMs: number;
  /** A connection that does not answer one ping by the next is gone. */
  readonly pingMs: number;
  /** How long an event may wait for a client that does not read. */
  readonly sendTimeoutMs: number;
  /** What may wait in this process for one client. */
  readonly maxBufferedBytes: number;
  /** Rows of one event; the next event has the next ones. */
  readonly batchSize: number;
  /** Feeds that read from the database at the same time; the rest stand in line. */
  readonly concurrentReads: number;
  /** Sessions are looked at again this often, whether or not something was announced. */
  readonly sessionCheckMs: number;
  /** So is what each feed may read. */
  readonly accessCheckMs: number;
  /** A running vote is counted this often while somebody follows it. */
  readonly tallyMs: number;
}

export const realtimeLimits: RealtimeLimits = {
  maxConnections: 5_000,
  maxConnectionsPerAddress: 100,
  maxConnectionsPerAccount: 20,
  maxSubscriptions: 30,
  maxMessageBytes: 128 * 1024,
  maxMessages: 300,
  floodWindowMs: 10_000,
  initTimeoutMs: 5_000,
  pingMs: 25_000,
  sendTimeoutMs: 15_000,
  maxBufferedBytes: 8 * 1024 * 1024,
  batchSize: 50,
  concurrentReads: 4,
  sessionCheckMs: 15_000,
  accessCheckMs: 60_000,
  tallyMs: 1_000,
};
