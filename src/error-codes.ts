/**
 * What the SQLSTATEs of the error registry (core.error_codes) mean to a client of the API. Both the API, which sends
 * the code, and the generated page docs/errors.md read it here. A SQLSTATE that is not in this table reaches a client
 * as `INTERNAL`.
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
