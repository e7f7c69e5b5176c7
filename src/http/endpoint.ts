import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Pool } from 'pg';

/** A request that an endpoint answers. */
export interface EndpointRequest {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the query. */
  readonly path: string;
  /** Of the client, by the rule of the server about proxies. */
  readonly address: string | undefined;
  /** Seconds until this address may ask again; undefined: it may now. */
  readonly retryAfter: number | undefined;
}

/** Something that operators watch. */
export interface Figure {
  /** As Prometheus names it. */
  readonly name: string;
  readonly help: string;
  read(): number;
}

/** Addresses that the server of the API hands to somebody else, who answers in a protocol of their own. */
export interface Endpoint {
  readonly pools: Readonly<Record<string, Pool>>;
  readonly figures: readonly Figure[];
  owns(path: string): boolean;
  /** Always answers; throws only where the server is at fault. */
  answer(request: EndpointRequest): Promise<void>;
  /** The server stops: what waits for company is answered at once. */
  drain(): void;
  /** After the last answer. */
  close(): Promise<void>;
}
