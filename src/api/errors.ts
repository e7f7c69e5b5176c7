import { randomUUID } from 'node:crypto';
import type { DatabaseError } from 'pg';
import { isSafeError } from 'postgraphile/grafast';
import { GraphQLError, type GraphQLFormattedError } from 'postgraphile/graphql';
import { Refusal } from '../auth/refusal.ts';
import { graphqlCodes } from '../error-codes.ts';

/** What a client is told when the database refuses by itself, without a procedure that says why. */
export interface DatabaseRefusal {
  /** A SQLSTATE, or a class of them by its first two characters. */
  readonly sqlstate: string;
  readonly code: string;
  readonly reason: string;
  readonly message: string;
  readonly cure: string;
}

/**
 * The SQLSTATEs of PostgreSQL that a request can provoke, most particular first
 * (PostgreSQL manual, appendix A). Their own messages name tables and constraints, so none of them is passed on.
 */
export const databaseRefusals: readonly DatabaseRefusal[] = [
  {
    sqlstate: '42501',
    code: 'FORBIDDEN',
    reason: 'database.forbidden',
    message: 'You may not do that.',
    cure: 'Sign in, or ask somebody who may.',
  },
  {
    sqlstate: '57014',
    code: 'TIMEOUT',
    reason: 'database.timeout',
    message: 'The request took too long and was stopped.',
    cure: 'Ask for less at once: a smaller page, fewer counts, a narrower filter.',
  },
  {
    sqlstate: '23505',
    code: 'CONFLICT',
    reason: 'database.duplicate',
    message: 'There is one like that already.',
    cure: 'Choose another value, or change the one that exists.',
  },
  {
    sqlstate: '23P01',
    code: 'CONFLICT',
    reason: 'database.overlap',
    message: 'It overlaps with one that exists.',
    cure: 'Choose another range, or end the one that exists.',
  },
  {
    sqlstate: '23503',
    code: 'NOT_FOUND',
    reason: 'database.missing',
    message: 'Something that this refers to does not exist.',
    cure: 'Check the identifiers that were sent.',
  },
  {
    sqlstate: '23502',
    code: 'INVALID',
    reason: 'database.required',
    message: 'A required value is missing.',
    cure: 'Send every value that is required.',
  },
  {
    sqlstate: '23514',
    code: 'INVALID',
    reason: 'database.rule',
    message: 'A value breaks a rule of its field.',
    cure: 'Check lengths, ranges and forms against the descriptions.',
  },
  {
    sqlstate: '22',
    code: 'INVALID',
    reason: 'database.malformed',
    message: 'A value is not of the form that is expected.',
    cure: 'Check the types of the arguments.',
  },
  {
    sqlstate: '40',
    code: 'CONFLICT',
    reason: 'database.collision',
    message: 'Somebody else changed the same thing at the same moment.',
    cure: 'Send the request again.',
  },
  {
    sqlstate: '55P03',
    code: 'CONFLICT',
    reason: 'database.busy',
    message: 'Somebody else is changing the same thing.',
    cure: 'Send the request again in a moment.',
  },
  {
    sqlstate: '53',
    code: 'UNAVAILABLE',
    reason: 'database.exhausted',
    message: 'The server is too busy.',
    cure: 'Send the request again in a moment.',
  },
  {
    sqlstate: '57P',
    code: 'UNAVAILABLE',
    reason: 'database.restarting',
    message: 'The server is restarting.',
    cure: 'Send the request again in a moment.',
  },
  {
    sqlstate: '08',
    code: 'UNAVAILABLE',
    reason: 'database.unreachable',
    message: 'The server cannot be reached.',
    cure: 'Send the request again in a moment.',
  },
];

/** Codes that the API gives by itself, before the database is asked or when nothing else fits. */
export const apiCodes: Readonly<Record<string, string>> = {
  QUERY_TOO_COMPLEX:
    'The query is refused before it runs: `extensions.reason` names the limit (`query.length`, `query.fields`, `query.root_fields`, `query.aliases`, `query.depth`, `query.rows`), `extensions.limit` its value.',
  REQUEST_TOO_LARGE: 'The body of the request is longer than `extensions.limit` bytes.',
  BAD_REQUEST: 'The request is not GraphQL over HTTP: method, media type or body are wrong.',
  GRAPHQL_PARSE_FAILED: 'The text of the query is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The query does not fit the schema.',
  TIMEOUT: 'The request took longer than is allowed.',
  UNAVAILABLE: 'The database cannot be used at the moment; the same request may succeed later.',
  INTERNAL:
    'Something broke that nobody foresaw. `extensions.id` is in the log of the server, which says what; the client learns no more.',
};

export interface ErrorLog {
  error(details: object, message: string): void;
}

/** Turns what went wrong into what a client may know; anything unknown is logged under an id, and only that is told. */
export function makeErrorMask(log: ErrorLog) {
  return function maskError(error: GraphQLError): GraphQLError | GraphQLFormattedError {
    const cause = rootCause(error);
    const told = (message: string, extensions: Record<string, unknown>): GraphQLError =>
      new GraphQLError(message, {
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
        path: error.path ?? null,
        extensions,
      });

    if (isDatabaseError(cause)) {
      const refusal = explainDatabaseError(cause);
      if (refusal) return told(refusal.message, refusal.extensions);
    } else if (cause instanceof Refusal) {
      const { sqlstate, reason, message, cure, retryAfter } = cause;
      return told(message, registeredExtensions(sqlstate, reason, cure, retryAfter));
    } else if (cause instanceof GraphQLError) {
      // The engine's own: bad variables, a value of the wrong type. One of them is a defect of ours.
      if (!cause.message.startsWith('Cannot return null for non-nullable')) {
        return told(withoutSuggestion(cause.message), { code: 'INVALID', ...cause.extensions });
      }
    } else if (cause instanceof Error && isSafeError(cause)) {
      const { statusCode: _statusCode, ...extensions } = cause.extensions ?? {};
      return told(cause.message, { code: 'INVALID', ...extensions });
    } else if (cause instanceof Error && isConnectionLoss(cause)) {
      return told('The server cannot be reached.', {
        code: 'UNAVAILABLE',
        reason: 'database.unreachable',
        cure: 'Send the request again in a moment.',
      });
    }

    const id = randomUUID();
    log.error({ id, path: error.path?.join('.'), ...describe(cause) }, 'unexpected error in a request');
    return told('Something went wrong on our side.', {
      code: 'INTERNAL',
      id,
      cure: 'Report the id to whoever runs this server.',
    });
  };
}

function rootCause(error: Error): unknown {
  let cause: unknown = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

export function isDatabaseError(error: unknown): error is DatabaseError {
  return (
    error instanceof Error &&
    'code' in error &&
    'severity' in error &&
    /^[0-9A-Z]{5}$/.test(String(error.code))
  );
}

/** Undefined: nobody foresaw this one. */
export function explainDatabaseError(
  error: DatabaseError,
): { message: string; extensions: Record<string, unknown> } | undefined {
  const sqlstate = error.code ?? '';
  if (graphqlCodes[sqlstate]) {
    // DETAIL is "reason" or "reason;retry_after=seconds": see core.fail.
    const [reason, retry] = (error.detail ?? '').split(';');
    const seconds = retry?.match(/^retry_after=(\d+)$/)?.[1];
    const retryAfter = seconds === undefined ? undefined : Number(seconds);
    return {
      message: error.message,
      extensions: registeredExtensions(sqlstate, reason, error.hint, retryAfter),
    };
  }
  const refusal = databaseRefusals.find((known) => sqlstate.startsWith(known.sqlstate));
  if (!refusal) return undefined;
  const { code, reason, cure, message } = refusal;
  return { message, extensions: { code, reason, cure } };
}

function registeredExtensions(
  sqlstate: string,
  reason: string | undefined,
  cure: string | undefined,
  retryAfter: number | undefined,
): Record<string, unknown> {
  return {
    code: graphqlCodes[sqlstate]?.code ?? 'INVALID',
    ...(reason ? { reason } : {}),
    ...(cure ? { cure } : {}),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

function isConnectionLoss(error: Error): boolean {
  const code = 'code' in error ? String(error.code) : '';
  return (
    ['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'ENOTFOUND'].includes(code) ||
    /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
      error.message,
    )
  );
}

/** For the log. PostgreSQL's DETAIL is left out: it quotes the values of the row. */
function describe(cause: unknown): Record<string, unknown> {
  if (!(cause instanceof Error)) return { cause: String(cause) };
  const named = isDatabaseError(cause)
    ? {
        sqlstate: cause.code,
        schema: cause.schema,
        table: cause.table,
        constraint: cause.constraint,
        routine: cause.routine,
        context: cause.where,
      }
    : {};
  return { error: cause.message, ...named, stack: cause.stack };
}

/** graphql-js helps by naming what exists; where introspection is closed that is a way around it. */
export function withoutSuggestion(message: string): string {
  return message.replace(/ Did you mean [^?]*\?/g, '');
}
