import 'postgraphile';
import { GraphQLError, NoSchemaIntrospectionCustomRule, parse, Source, validate } from 'postgraphile/graphql';
import { DocumentCache } from './document-cache.ts';
import { withoutSuggestion } from './errors.ts';
import { makeLimitsRule, type QueryLimits, queryTooComplex } from './limits.ts';
import { keepPlansByWeight } from './plan-cache.ts';
import { tellClient } from './request-scope.ts';

export interface QueryGuardOptions {
  readonly limits: QueryLimits;
  /** Without it the schema cannot be read, nor guessed from the messages of the validator. */
  readonly introspection: boolean;
}

/** What a query text has to pass before it is planned, and how it is told that it did not. */
export function makeQueryGuardPlugin({ limits, introspection }: QueryGuardOptions): GraphileConfig.Plugin {
  const explain = (error: Error): GraphQLError => {
    // The parser runs out of stack before the rule can count the levels.
    if (!(error instanceof GraphQLError)) return tooDeep(error);
    return new GraphQLError(introspection ? error.message : withoutSuggestion(error.message), {
      nodes: error.nodes ?? null,
      source: error.source ?? null,
      positions: error.positions ?? null,
      extensions: tellClient({
        code: error.message.startsWith('Syntax Error') ? 'GRAPHQL_PARSE_FAILED' : 'GRAPHQL_VALIDATION_FAILED',
        ...error.extensions,
      }),
    });
  };
  const tooDeep = (error: Error): GraphQLError => {
    if (!(error instanceof RangeError)) throw error;
    return new GraphQLError(`The query asks for too many levels: at most ${limits.maxDepth} are allowed.`, {
      extensions: tellClient({ code: queryTooComplex, reason: 'query.depth', limit: limits.maxDepth }),
    });
  };
  const tooLong = (length: number): GraphQLError =>
    new GraphQLError(
      `The query is ${length} characters long; at most ${limits.maxQueryLength} are allowed.`,
      {
        extensions: tellClient({
          code: queryTooComplex,
          reason: 'query.length',
          limit: limits.maxQueryLength,
        }),
      },
    );

  const documents = new DocumentCache();

  return {
    name: 'StoaQueryGuardPlugin',
    version: '1.0.0',
    description: 'Length, size and shape of a query are checked before it is planned.',
    grafast: { middleware: { establishOperationPlan: keepPlansByWeight() } },
    grafserv: {
      middleware: {
        setPreset(next, event) {
          // First: it throws before the costly rules see anything of a document that is too large for them.
          event.validationRules.unshift(makeLimitsRule(limits));
          if (!introspection) event.validationRules.push(NoSchemaIntrospectionCustomRule);

          const getExecutionConfig = event.getExecutionConfig;
          event.getExecutionConfig = async function (context) {
            const config = await getExecutionConfig.call(this, context);
            return {
              ...config,
              parseAndValidate(query) {
                if (query.length > limits.maxQueryLength) return { errors: [tooLong(query.length)] };
                const known = documents.get(query);
                if (known) return { document: known };
                try {
                  // Not grafserv's own function: its cache counts entries, and keeps what was refused.
                  const document = parse(new Source(query, 'GraphQL HTTP Request'));
                  const errors = validate(config.schema, document, event.validationRules);
                  if (errors.length > 0) return { errors: errors.map(explain) };
                  documents.set(query, document);
                  return { document };
                } catch (error) {
                  if (!(error instanceof Error)) throw error;
                  return { errors: [explain(error)] };
                }
              },
            };
          };
          return next();
        },
      },
    },
  };
}
