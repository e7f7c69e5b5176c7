import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PersistedPlugin } from '@grafserv/persisted';
import { SafeError } from 'postgraphile/grafast';
import type { ApiSettings } from '../config-api.ts';
import { exitCodes, StoaError } from '../errors.ts';

/** Operations that a client asks for by their hash. */
export interface PersistedOperations {
  readonly mode: 'optional' | 'required';
  /** The hash to look up: empty where one is needed and none is given. Undefined: the text of the body is run. */
  nameIn(body: GraphqlBody): string | undefined;
  find(hash: string): string | undefined;
  /** Why that hash finds nothing. */
  refusal(hash: string): PersistedRefusal;
}

export interface PersistedRefusal {
  readonly code: string;
  readonly message: string;
  readonly cure: string;
}

/** The parts of a body that may name an operation. */
export interface GraphqlBody {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly id?: unknown;
  readonly extensions?: unknown;
}

/** A name that is a file here, and nowhere else. */
export const hashForm = /^[A-Za-z0-9_-]{1,128}$/;
const suffix = '.graphql';

/** A client that asks for what is new is answered within this time after the file has come. */
const rereadMs = 2_000;

/**
 * The operations of a folder, `<hash>.graphql` each, as `stoa api persist` and the tools of Relay write them. Undefined where the
 * mode is off. What comes later is found when it is asked for, so a new client needs no restart.
 */
export function openPersistedOperations(settings: ApiSettings['persisted']): PersistedOperations | undefined {
  const { mode, directory } = settings;
  if (mode === 'off') return undefined;
  const texts = new Map<string, string>();
  let readAt = 0;
  const read = (): void => {
    readAt = performance.now();
    for (const name of readdirSync(directory)) {
      const hash = name.endsWith(suffix) ? name.slice(0, -suffix.length) : '';
      if (hashForm.test(hash) && !texts.has(hash))
        texts.set(hash, readFileSync(join(directory, name), 'utf8'));
    }
  };
  try {
    read();
  } catch (cause) {
    throw new StoaError('api.no_persisted_operations', `There are no persisted operations in ${directory}.`, {
      cure: 'Write them with "stoa api persist", or set persistedOperations to off.',
      exitCode: exitCodes.configuration,
      cause,
    });
  }
  const find = (hash: string): string | undefined => {
    if (!texts.has(hash) && performance.now() - readAt > rereadMs) read();
    return texts.get(hash);
  };

  return {
    mode,
    find,
    nameIn(body) {
      const hash = hashOf(body);
      // A client of Apollo sends the text along once it was told that the hash is not known.
      const mayUseText = mode === 'optional' && typeof body.query === 'string';
      if (mayUseText && (hash === undefined || find(hash) === undefined)) return undefined;
      return hash ?? '';
    },
    refusal: (hash) =>
      hash === '' && mode === 'required'
        ? {
            code: 'PERSISTED_OPERATION_REQUIRED',
            message: 'This server runs the operations that it knows, and no others.',
            cure: 'Send the hash of one as documentId.',
          }
        : {
            code: 'PERSISTED_QUERY_NOT_FOUND',
            message: 'PersistedQueryNotFound',
            cure: mode === 'optional' ? 'Send the text of the operation.' : 'Add it with "stoa api persist".',
          },
  };
}

/** As Relay (documentId), others (id) and Apollo (extensions.persistedQuery.sha256Hash) name it. */
function hashOf(body: GraphqlBody): string | undefined {
  const { documentId, id, extensions } = body;
  if (typeof documentId === 'string') return documentId;
  if (typeof id === 'string') return id;
  if (typeof extensions !== 'object' || extensions === null || !('persistedQuery' in extensions))
    return undefined;
  const { persistedQuery } = extensions;
  if (typeof persistedQuery !== 'object' || persistedQuery === null) return undefined;
  return 'sha256Hash' in persistedQuery && typeof persistedQuery.sha256Hash === 'string'
    ? persistedQuery.sha256Hash
    : undefined;
}

/**
 * The same for grafserv, whatever way a request came (HTTP, WebSocket). Its plugin writes the whole body of what it cannot
 * resolve to standard error, variables and all, unless the getter refuses by a promise.
 */
export function persistedPreset(operations: PersistedOperations | undefined): GraphileConfig.Preset {
  if (!operations) return {};
  return {
    plugins: [PersistedPlugin],
    grafserv: {
      hashFromPayload: (body) => operations.nameIn(body),
      persistedOperationsGetter(hash) {
        const text = operations.find(hash);
        if (text !== undefined) return text;
        const { message, ...extensions } = operations.refusal(hash);
        return Promise.reject(new SafeError(message, { statusCode: 400, ...extensions }));
      },
      allowUnpersistedOperation: operations.mode === 'optional',
    },
  };
}
