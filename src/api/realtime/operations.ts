import { type Context, makeServer, type Server, type ServerOptions } from 'graphql-ws';
import type { GrafastSubscriber } from 'postgraphile/grafast';
import { makeGraphQLWSConfig } from 'postgraphile/grafserv';
import type { ExecutionArgs } from 'postgraphile/graphql';
import { GraphQLError, getOperationAST } from 'postgraphile/graphql';
import type { AuthService } from '../../auth/service.ts';
import { authenticate } from '../authenticate.ts';
import { explainError } from '../errors.ts';
import { type GraphqlService, HttpRefusal } from '../http.ts';
import { closeCodes } from './close-codes.ts';
import type { Connection } from './connection.ts';
import { Feed, type FeedOptions } from './feed.ts';
import type { RealtimeLimits } from './limits.ts';
import type { Topic } from './topic.ts';
import type { TopicRequest } from './topics/index.ts';

export interface Extra {
  readonly connection: Connection;
  /** Read by grafserv: what becomes the context of an operation. */
  readonly request: Connection['message'];
  readonly socket: Connection['socket'];
}

export interface OperationsOptions {
  readonly graphql: GraphqlService;
  readonly service: AuthService;
  readonly limits: RealtimeLimits;
  /** Somebody has said who they are. False: there are too many connections of this account. */
  readonly admit: (connection: Connection) => boolean;
  readonly openTopic: (connection: Connection, request: TopicRequest) => Topic<unknown>;
  readonly feedOptions: (connection: Connection) => Omit<FeedOptions<unknown>, 'topic'>;
  /** Raises a reason of the registry, with its words. */
  readonly refuse: (connection: Connection, reason: string) => Promise<never>;
}

/**
 * The protocol graphql-transport-ws over grafserv: the same guard, the same plans and the same errors as by POST. Grafast
 * asks a feed for its next event as soon as the last one is executed, and keeps what is not sent yet, however much that
 * is; so each event is handed over only when the one before it has been sent.
 */
export function makeOperations(options: OperationsOptions): Server<Extra> {
  const { service, limits, admit, openTopic, feedOptions, refuse } = options;
  const grafserv: ServerOptions<Record<string, unknown>, Extra> = makeGraphQLWSConfig(options.graphql);
  const feeds = new WeakMap<object, FeedSlot>();

  return makeServer<Record<string, unknown>, Extra>({
    ...grafserv,
    connectionInitWaitTimeout: limits.initTimeoutMs,

    async onConnect({ connectionParams, extra: { connection } }) {
      try {
        connection.session = await authenticate(service, authorizationOf(connectionParams));
      } catch (error) {
        if (error instanceof HttpRefusal) {
          connection.end({ code: closeCodes.unauthenticated, reason: 'session.invalid' });
        } else {
          connection.end({ code: closeCodes.internal, reason: 'server.unavailable' });
        }
        return false;
      }
      if (connection.session?.role === null) {
        connection.end({ code: closeCodes.restricted, reason: 'account.restricted' });
        return false;
      }
      if (!admit(connection)) {
        connection.end({ code: closeCodes.tooMany, reason: 'connections.account' });
        return false;
      }
      return true;
    },

    async onSubscribe(context, id, payload) {
      const { connection } = context.extra;
      try {
        if (Object.keys(context.subscriptions).length > limits.maxSubscriptions) {
          await refuse(connection, 'subscription.too_many');
        }
        const prepared = await grafserv.onSubscribe?.(context, id, payload);
        if (!prepared || isErrors(prepared)) return prepared;
        if (getOperationAST(prepared.document, prepared.operationName)?.operation !== 'subscription') {
          await refuse(connection, 'subscription.required');
        }
        const slot: FeedSlot = { feed: undefined };
        feeds.set(prepared, slot);
        const subscriber: GrafastSubscriber = {
          async subscribe(request: unknown) {
            const feed = new Feed({
              ...feedOptions(connection),
              topic: openTopic(connection, request as TopicRequest),
            });
            slot.feed = feed;
            // The client may have gone while the feed looks for the first time.
            return feed.open();
          },
        };
        Object.assign(prepared.contextValue as object, { stoaFeeds: subscriber });
        return prepared;
      } catch (error) {
        return [asGraphQLError(error)];
      }
    },

    async subscribe(args) {
      const slot = feeds.get(args) ?? { feed: undefined };
      const results: unknown = await grafserv.subscribe?.(args);
      return inStep(results, slot);
    },
  });
}

interface FeedSlot {
  feed: Feed<unknown> | undefined;
}

interface OperationOutcome {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly GraphQLError[];
}

/** Tells the feed when an event has become a result, and when that has been sent. */
function inStep(results: unknown, slot: FeedSlot): AsyncGenerator<OperationOutcome, undefined> {
  const iterator = isAsyncIterable(results) ? results[Symbol.asyncIterator]() : undefined;
  const finish = async (): Promise<IteratorReturnResult<undefined>> => {
    await slot.feed?.return();
    await iterator?.return?.();
    return { value: undefined, done: true };
  };
  return {
    async next() {
      // Subscribing itself was refused.
      if (!iterator) throw firstError(results as OperationOutcome);
      slot.feed?.sent();
      const result = await iterator.next();
      slot.feed?.executed();
      if (result.done) return { value: undefined, done: true };
      // The event could not be read, and the feed has moved past it. The client still has the cursor before it.
      const { data, errors } = result.value;
      if (errors && Object.values(data ?? {}).every((field) => field === null)) {
        await finish();
        throw firstError(result.value);
      }
      return { value: result.value, done: false };
    },
    return: finish,
    async throw() {
      return finish();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await finish();
    },
  };
}

function firstError({ errors }: OperationOutcome): GraphQLError {
  return errors?.[0] ?? new GraphQLError('A subscription ended without a reason.');
}

function isAsyncIterable(value: unknown): value is AsyncIterable<OperationOutcome> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function isErrors(value: ExecutionArgs | readonly GraphQLError[]): value is readonly GraphQLError[] {
  return Array.isArray(value);
}

function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const cause = error instanceof Error ? error : new Error(String(error));
  return new GraphQLError(cause.message, { originalError: cause });
}

/** `{"authorization": "Bearer …"}`, whatever the case of the name, as in a header. */
function authorizationOf(params: Context<Record<string, unknown>>['connectionParams']): string | undefined {
  const given = Object.entries(params ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  if (given === undefined || given === null) return undefined;
  // What is no text is no token: refused below like any other that is not valid.
  return typeof given === 'string' ? given : '';
}

/** Whether the database is away, rather than refusing. */
export function isOutage(error: unknown): boolean {
  return explainError(error)?.extensions['code'] === 'UNAVAILABLE';
}
