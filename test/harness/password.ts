/** Same for every login role of a test server. */
export const testPassword = 'stoa-test';
