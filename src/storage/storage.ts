import type { Readable } from 'node:stream';
import { exitCodes, StoaError } from '../errors.ts';

/** What is known of an object without reading it. */
export interface ObjectInfo {
  /** Segments with slashes between them: `uploads/2026/11/0199…`. */
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}

export interface StoredObject {
  readonly info: ObjectInfo;
  /** Ends with an error when the connection breaks: an object is never cut short in silence. */
  readonly body: Readable;
}

export interface PutOptions {
  readonly contentType?: string;
  /** Bytes to expect, as far as they are known: S3 needs larger parts for very large objects. */
  readonly expectedSize?: number;
  readonly signal?: AbortSignal;
}

/** A way for a client to send or fetch an object without passing through the API. */
export interface SignedTransfer {
  readonly url: string;
  readonly method: 'PUT' | 'GET';
  /** To be sent exactly so, because they are part of the signature. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAt: Date;
}

/** What a writer has left that was cut off: a part of an object, which nobody can read or list. */
export interface Leftover {
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly changedAt: Date;
}

export interface SignedUpload {
  readonly contentType: string;
  /** In bytes: storage takes no more and no less. */
  readonly size: number;
  readonly expiresInSeconds: number;
}

export interface SignedDownload {
  readonly filename: string;
  readonly contentType: string;
  /** Shown by a browser, or saved as a file. */
  readonly disposition: 'inline' | 'attachment';
  readonly expiresInSeconds: number;
}

/** What is put into a storage. Pieces that are not a stream's may be overwritten once the next is asked for. */
export type Body = Readable | AsyncIterable<Buffer> | Uint8Array;

/**
 * Where bytes lie that are not rows: uploads, archives, backups. A folder or any service that speaks the protocol of S3.
 * An object appears whole or not at all, and is on disk when `put` has answered. Errors are StoaErrors with the codes
 * storage.missing, storage.denied, storage.full, storage.unreachable and storage.bad_key.
 */
export interface Storage {
  /** For people: the place, without anything secret. */
  readonly description: string;
  /** Replaces what has this key. Answers with the bytes that were written. */
  put(key: string, body: Body, options?: PutOptions): Promise<{ readonly size: number }>;
  /** The whole object, or the bytes from `first` to `last`, both included. Refuses storage.missing. */
  get(key: string, range?: { readonly first: number; readonly last?: number }): Promise<StoredObject>;
  /** Undefined where there is none. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** Every object whose key begins with `prefix`. Services differ in the order. */
  list(prefix: string): AsyncIterable<ObjectInfo>;
  /** False where there was none. */
  delete(key: string): Promise<boolean>;
  /** Undefined where clients cannot reach the storage, as with a folder: then the API passes the bytes on. */
  signUpload?(key: string, upload: SignedUpload): Promise<SignedTransfer>;
  signDownload?(key: string, download: SignedDownload): Promise<SignedTransfer>;
  /** Where there can be any. What is still being written is among them: look at how long ago it changed. */
  leftovers?(): AsyncIterable<Leftover>;
  removeLeftover?(id: string): Promise<void>;
  close(): void;
}

export type StorageFault = 'missing' | 'denied' | 'full' | 'unreachable' | 'bad_key';

const cures: Readonly<Record<StorageFault, string>> = {
  missing: 'Check the key; it may have been removed by retention.',
  denied: 'Give the credentials of STOA_STORAGE the right to list, read, write and delete there.',
  full: 'Free some space, or set STOA_STORAGE to a place with more.',
  unreachable: 'Check the address in STOA_STORAGE and the network, then try again.',
  bad_key: 'Use segments of letters, digits and ._=- with slashes between them.',
};

export function storageError(
  fault: StorageFault,
  description: string,
  reason: string,
  cause?: unknown,
): StoaError {
  return new StoaError(`storage.${fault}`, `Storage ${description}: ${reason}`, {
    cure: cures[fault],
    exitCode: exitCodes.database,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Keys are paths in a folder and parts of URLs: nothing in them climbs, hides or needs quoting. */
export function checkKey(key: string, description: string): void {
  const isGood =
    key.length <= 512 &&
    /^[A-Za-z0-9._=-]+(?:\/[A-Za-z0-9._=-]+)*$/.test(key) &&
    !/(?:^|\/)\.{1,2}(?:\/|$)/.test(key);
  if (!isGood) throw storageError('bad_key', description, `${JSON.stringify(key)} is no key.`);
}
