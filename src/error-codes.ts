/**
 * What the SQLSTATEs of the error registry (core.error_codes) mean to a client of the API. Both the API, which sends
 * the code, and the generated page docs/errors.md read it here. A SQLSTATE that is neither in this table nor among
 * the refusals of the database below reaches a client as `INTERNAL`.
 */
export interface GraphqlCode {
  /** The value of `extensions.code`. */
  readonly code: string;
  /** The HTTP status of the same meaning, where one has to be chosen. */
  readonly httpStatus: number;
  /** One sentence for people. */
  readonly meaning: string;
}

export const graphqlCodes: Readonly<Record<string, GraphqlCode>> = {
  ST401: {
    code: 'UNAUTHENTICATED',
    httpStatus: 401,
    meaning: 'Nobody is signed in, or the second factor is missing.',
  },
  ST403: {
    code: 'FORBIDDEN',
    httpStatus: 403,
    meaning: 'Signed in, but not allowed: the role, a ban or a block forbids it.',
  },
  ST404: {
    code: 'NOT_FOUND',
    httpStatus: 404,
    meaning: 'It does not exist, or the caller may not know that it exists.',
  },
  ST409: {
    code: 'CONFLICT',
    httpStatus: 409,
    meaning: 'It contradicts what is there: a duplicate, or a state that has moved on.',
  },
  ST410: { code: 'GONE', httpStatus: 410, meaning: 'It was there and is expired, revoked or used up.' },
  ST422: {
    code: 'INVALID',
    httpStatus: 422,
    meaning: 'The input breaks a rule: its length, range, form, or what it refers to.',
  },
  ST423: { code: 'LOCKED', httpStatus: 423, meaning: 'It is locked and takes no changes.' },
  ST429: {
    code: 'TOO_MANY_REQUESTS',
    httpStatus: 429,
    meaning: 'Too soon, or too many: `extensions.retryAfter` says how many seconds to wait.',
  },
};

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
    'The query is refused before it runs: `extensions.reason` names the limit (`query.length`, `query.fields`, `query.introspection`, `query.root_fields`, `query.aliases`, `query.depth`, `query.rows`, `query.cost`), `extensions.limit` its value.',
  REQUEST_TOO_LARGE: 'The body of the request is longer than `extensions.limit` bytes.',
  REQUEST_TIMEOUT: 'The body of the request took longer to arrive than `extensions.limit` milliseconds.',
  BAD_REQUEST:
    'The request is not GraphQL over HTTP: method, media type or body are wrong. With the reason `request.batch`: several operations in one request.',
  TOO_MANY_REQUESTS:
    'Also with HTTP 429 and the header `retry-after`, before anything is read: `extensions.reason` says who sent too many (`rate.address`, `rate.account`), `extensions.limit` how many a minute are allowed.',
  FORBIDDEN:
    'Also with HTTP 403 where a browser asks for a page that may not: `cors.origin`, or, with cookies, `csrf.origin`.',
  PERSISTED_OPERATION_REQUIRED: 'The server runs only operations that it knows, and the request names none.',
  PERSISTED_QUERY_NOT_FOUND: 'The server knows no operation of that hash.',
  GRAPHQL_PARSE_FAILED: 'The text of the query is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The query does not fit the schema.',
  TIMEOUT: 'The request took longer than is allowed.',
  UNAVAILABLE: 'The database cannot be used at the moment; the same request may succeed later.',
  INTERNAL:
    'Something broke that nobody foresaw. `extensions.id` is in the log of the server, which says what; the client learns no more.',
};
