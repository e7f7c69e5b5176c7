import { randomUUID } from 'node:crypto';
import type { DatabaseError } from 'pg';
import { isSafeError } from 'postgraphile/grafast';
import { GraphQLError, type GraphQLFormattedError } from 'postgraphile/graphql';
import { Refusal } from '../auth/refusal.ts';
import { databaseRefusals, graphqlCodes } from '../error-codes.ts';
import { tellClient } from './request-scope.ts';

export interface ErrorLog {
  error(details: object, message: string): void;
}

/**
 * Turns what went wrong into what a client may know; anything unknown is logged under an id, and only that is told.
 * `isVisitor`: whether the request that is being answered came without a token.
 */
export function makeErrorMask(log: ErrorLog, isVisitor: () => boolean) {
  return function maskError(error: GraphQLError): GraphQLError | GraphQLFormattedError {
    const cause = rootCause(error);
    const told = (message: string, extensions: ToldError['extensions']): GraphQLError =>
      new GraphQLError(message, {
        nodes: error.nodes ?? null,
        source: error.source ?? null,
        positions: error.positions ?? null,
        path: error.path ?? null,
        extensions: tellClient(extensions),
      });

    // What is not granted to visitors may be to members: the way on is to sign in.
    if (isDatabaseError(cause) && cause.code === insufficientPrivilege && isVisitor()) {
      return told('You are not signed in.', {
        code: 'UNAUTHENTICATED',
        reason: 'session.required',
        cure: 'Sign in and send the access token with the request.',
      });
    }
    const known = explainError(cause);
    if (known) return told(known.message, known.extensions);
    // The engine's own: bad variables, a value of the wrong type. One of them is a defect of ours.
    if (cause instanceof GraphQLError && !cause.message.startsWith('Cannot return null for non-nullable')) {
      return told(withoutSuggestion(cause.message), { code: 'INVALID', ...cause.extensions });
    }

    // A scalar that could not even look at the value: {"toString": 1} for a text.
    const variable = /^Variable "\$(\w+)" got invalid value/.exec(error.message)?.[1];
    if (variable !== undefined && error.path === undefined) {
      return told(`The value of the variable $${variable} is not of its type.`, { code: 'INVALID' });
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

const insufficientPrivilege = '42501';

function rootCause(error: Error): unknown {
  let cause: unknown = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

function isDatabaseError(error: unknown): error is DatabaseError {
  return (
    error instanceof Error &&
    'code' in error &&
    'severity' in error &&
    /^[0-9A-Z]{5}$/.test(String(error.code))
  );
}

/** What a client reads. */
export interface ToldError {
  readonly message: string;
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** Undefined: nobody foresaw this one. */
export function explainError(cause: unknown): ToldError | undefined {
  if (!(cause instanceof Error) || cause instanceof GraphQLError) return undefined;
  if (isDatabaseError(cause)) return explainDatabaseError(cause);
  if (cause instanceof Refusal) {
    const { sqlstate, reason, message, cure, retryAfter } = cause;
    return { message, extensions: registeredExtensions(sqlstate, reason, cure, retryAfter) };
  }
  if (isSafeError(cause)) {
    const { statusCode: _statusCode, ...extensions } = cause.extensions ?? {};
    return { message: cause.message, extensions: { code: 'INVALID', ...extensions } };
  }
  return isConnectionLoss(cause) ? explainRefusal('08') : undefined;
}

function explainDatabaseError(error: DatabaseError): ToldError | undefined {
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
  return explainRefusal(sqlstate);
}

function explainRefusal(sqlstate: string): ToldError | undefined {
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
